"""Children, ports and waiting: what every laboratory scene needs before it can measure anything.

What lives here: run folders, starting and stopping processes by their own id, free loopback ports, bounded waits with a
clear error. What must not: knowledge of any one server. A child dies with the thread that started it, so start children
from a thread that lives as long as they shall.
"""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

PORTS = range(20_000, 32_000)
"""Below Linux's ephemeral range (32768 on): an outgoing connection can never hold one of them."""

PROJECT = Path(__file__).resolve().parents[2]

_GUARD = "setpriv"  # sets the death signal, then becomes the program
_LOG_TAIL_BYTES = 3000
_handed_out: set[int] = set()


class LabError(Exception):
    """The laboratory itself failed: what was waited for, and the end of the child's log."""


@contextlib.contextmanager
def run_folder(*, keep: bool = False) -> Iterator[Path]:
    """A fresh temporary folder that other users can search (nginx's workers must), removed at the end unless `keep`.

    pytest's `tmp_path` will not do: the folder above it is closed to others, again at each start of any pytest.
    """
    folder = Path(tempfile.mkdtemp(prefix="rwd-lab-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Loopback TCP ports that nobody listens on and that this process has not handed out before. LabError when none."""
    found: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        if port in _handed_out:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _handed_out.add(port)
        found.append(port)
        if len(found) == count:
            return found
    raise LabError(f"no {count} free loopback ports in {PORTS.start}-{PORTS.stop - 1}")


def free_port() -> int:
    return free_ports(1)[0]


def wait_until(
    condition: Callable[[], bool],
    *,
    what: str,
    timeout: float = 10.0,
    children: Sequence["Child"] = (),
    every: float = 0.01,
) -> None:
    """Return when `condition` holds. LabError after `timeout` seconds, or at once when one of `children` has ended;
    the message names `what` and shows the children's log tails.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        ended = [child for child in children if not child.running]
        if ended or time.monotonic() > deadline:
            why = f"{ended[0].name} ended with {ended[0].returncode}" if ended else f"not within {timeout:g} s"
            tails = "".join(f"\n--- {child.name}: {child.log_path}\n{child.log_tail()}" for child in ended or children)
            raise LabError(f"waiting for {what}: {why}{tails}")
        time.sleep(every)


def accepts(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something accepts TCP connections there now."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


class Child:
    """One process, its log file, and its end: SIGTERM, a bounded wait, SIGKILL for its whole process group."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log_path: Path, *, grace: float) -> None:
        self.name = name
        self.log_path = log_path
        self._process = process
        self._grace = grace

    @classmethod
    def start(
        cls,
        argv: Sequence[str | Path],
        *,
        name: str,
        run_dir: Path,
        env: Mapping[str, str] | None = None,
        grace: float = 5.0,
        death_signal: str = "KILL",
    ) -> Self:
        """Start `argv` in `run_dir`, output to `run_dir/NAME.log`; `env` adds to this process's environment,
        in which Python finds the project.

        `death_signal` is what the child gets when its parent dies: TERM for a server that has workers of its own to
        end. `grace` is the time in seconds that `stop` leaves between SIGTERM and SIGKILL.
        """
        run_dir.mkdir(parents=True, exist_ok=True)
        log_path = run_dir / f"{name}.log"
        with log_path.open("ab") as log:
            process = subprocess.Popen(
                [_GUARD, "--pdeathsig", death_signal, "--", *map(str, argv)],
                cwd=run_dir,
                env={**os.environ, "PYTHONPATH": str(PROJECT), **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        child = cls(name, process, log_path, grace=grace)
        try:
            child._wait_for_guard()
        except BaseException:
            child.kill()
            raise
        return child

    def _wait_for_guard(self) -> None:
        """Return when the death signal is set: before that a parent's death would go unnoticed.

        The executable tells, not the process's name: the kernel sets that one after `Popen` has returned.
        """
        executable = Path(f"/proc/{self.pid}/exe")
        with contextlib.suppress(OSError):  # it has ended, which is for `wait_until` to say
            while executable.readlink().name == _GUARD:
                time.sleep(0.001)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def returncode(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._process.poll()

    @property
    def rss_mb(self) -> float:
        """Resident memory in MB (10^6 bytes); 0 when it has ended."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii", errors="replace")
        except OSError:
            return 0.0
        pages = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")]
        return round(int(pages[0]) * 1024 / 1e6, 1) if pages else 0.0

    @property
    def cpu_seconds(self) -> float:
        """User and system time so far, of the process itself; 0 when it has ended."""
        try:
            after_name = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")

    def log_tail(self) -> str:
        try:
            return self.log_path.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace")
        except OSError as error:
            return f"(no log: {error})"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when the process has ended."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """The hard way: SIGKILL to its process group, at once."""
        self._kill_group()
        self._process.wait()

    def wait(self, timeout: float) -> int:
        """Its exit status. LabError when it has not ended within `timeout` seconds."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise LabError(f"{self.name} has not ended within {timeout:g} s\n{self.log_tail()}") from None

    def stop(self) -> int:
        """End it and whatever it left in its process group; its exit status. Twice is the same as once."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(self._grace)
        self._kill_group()
        return self._process.wait()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
