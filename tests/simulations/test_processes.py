import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simulations.lab.processes import PORTS, Child, LabError, accepts, free_ports, run_folder, wait_until

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_ports_are_free_distinct_and_below_the_ephemeral_range() -> None:
    """Ports are never handed out twice and never in the range of outgoing connections."""
    ports = free_ports(50) + free_ports(50)

    assert 100 == len(set(ports))
    assert all(port in PORTS for port in ports)
    assert int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0]) >= PORTS.stop
    assert not any(accepts(port) for port in ports[:5])


def test_a_child_that_obeys_ends_by_sigterm(tmp_path: Path) -> None:
    """`stop` asks first."""
    child = Child.start(["sleep", "60"], name="sleeper", run_dir=tmp_path)

    assert -signal.SIGTERM == child.stop()
    assert -signal.SIGTERM == child.stop()


def test_a_deaf_child_is_killed_after_its_grace(tmp_path: Path) -> None:
    """SIGKILL ends what ignores SIGTERM."""
    with Child.start([sys.executable, "-c", DEAF], name="deaf", run_dir=tmp_path, grace=0.2) as child:
        wait_until(lambda: "ready" in child.log_tail(), what="the child", children=[child])

        assert -signal.SIGKILL == child.stop()


def test_a_stopped_child_is_ended_too(tmp_path: Path) -> None:
    """A child under SIGSTOP does not outlive the scene, nor hold it up."""
    child = Child.start(["sleep", "60"], name="frozen", run_dir=tmp_path)
    child.signal(signal.SIGSTOP)

    assert -signal.SIGTERM == child.stop()


def test_grandchildren_end_with_the_child(tmp_path: Path) -> None:
    """What a child left in its process group ends too."""
    child = Child.start(["sh", "-c", "sleep 60 & echo $!; wait"], name="family", run_dir=tmp_path)
    wait_until(lambda: bool(child.log_tail().strip()), what="the grandchild", children=[child])
    grandchild = int(child.log_tail())

    child.stop()

    wait_until(lambda: not alive(grandchild), what="its end")


def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    """A killed test leaves nothing behind."""
    script = (
        "import sys, time; from pathlib import Path; from simulations.lab.processes import Child\n"
        f"child = Child.start(['sleep', '60'], name='orphan', run_dir=Path({str(tmp_path)!r}))\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=root) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)

        parent.kill()

        wait_until(lambda: not alive(pid), what="the orphan's end")


def test_waiting_for_a_child_that_ended_fails_at_once_with_its_log(tmp_path: Path) -> None:
    """The error says what was waited for, how the child ended, and the end of its log."""
    child = Child.start(["sh", "-c", "echo cannot open the door; exit 7"], name="door", run_dir=tmp_path)
    began = time.monotonic()

    with pytest.raises(LabError, match=r"(?s)waiting for the door: door ended with 7.*cannot open the door"):
        wait_until(lambda: False, what="the door", timeout=30, children=[child])

    assert 10 > time.monotonic() - began


def test_waiting_is_bounded() -> None:
    """A condition that never holds is an error after the timeout."""
    with pytest.raises(LabError, match=r"waiting for rain: not within 0.05 s"):
        wait_until(lambda: False, what="rain", timeout=0.05)


def test_memory_and_processor_time_are_read_from_the_process(tmp_path: Path) -> None:
    """A busy child has used time and memory; an ended one has neither."""
    with Child.start([sys.executable, "-c", "while True: pass"], name="busy", run_dir=tmp_path) as child:
        wait_until(lambda: child.cpu_seconds > 0.05, what="processor time", children=[child])
        assert 3 < child.rss_mb < 200

    assert (0.0, 0.0) == (child.rss_mb, child.cpu_seconds)


def test_a_run_folder_is_open_to_other_users_and_goes() -> None:
    """nginx's workers can search it; afterwards it is gone."""
    with run_folder() as folder:
        assert 0o755 == folder.stat().st_mode & 0o777
        (folder / "a").mkdir()

    assert not folder.exists()
