"""Real processes: those that answer, and those that hang, flood, fork, resist and vanish."""

import errno
import os
import selectors
import signal
import threading
import time
from pathlib import Path

import pytest

from watchdog.outside import command_run
from watchdog.outside.command_run import Command, Ran, Runner, base_environment

ENVIRONMENT = {"PATH": os.defpath}


def run(*argv: str, timeout: float = 5.0, off: threading.Event | None = None, **environment: str) -> Ran:
    command = Command(argv=argv, environment={**ENVIRONMENT, **environment}, timeout=timeout)
    return Runner(command).run(off or threading.Event())


def sh(script: str, *, timeout: float = 5.0) -> Ran:
    return run("/bin/sh", "-c", script, timeout=timeout)


def alive(pid: int) -> bool:
    """Whether a process runs: one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int) -> bool:
    """Whether a process has ended, or ends within a second."""
    end = time.monotonic() + 1.0
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not alive(pid)


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process gets a tenth of a second from SIGTERM to SIGKILL."""
    monkeypatch.setattr(command_run, "GRACE_S", 0.1)


def test_a_command_says_how_it_ended() -> None:
    """Exit status and both outputs."""
    ran = sh("echo out; echo err >&2; exit 3")

    assert Ran(end="exited", status=3, output=b"out\n", errors=b"err\n") == ran


def test_watching_a_command_needs_no_selector_of_the_kernel_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the last descriptor taken, one that has begun would run on unwatched, and nobody would wait for it."""

    def none_left() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(selectors, "DefaultSelector", none_left)
    monkeypatch.setattr(selectors, "EpollSelector", none_left)
    assert "exited" == sh("exit 0").end


def test_a_command_that_a_signal_kills_says_which() -> None:
    """No exit status, but the signal's number."""
    ran = sh("kill -SEGV $$")

    assert ("killed", signal.SIGSEGV) == (ran.end, ran.status)


def test_a_command_sees_only_what_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environment is the one given and no other; it stands in /, reads nothing, leads its group and session."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x")
    said = run("/usr/bin/env", KEY="a b").output.decode().splitlines()
    assert {"KEY=a b", f"PATH={os.defpath}"} == set(said)

    assert b"/\n" == sh("pwd").output
    assert b"0\n" == sh("wc -c").output
    mine, group, session = sh("echo $$; ps -o pgid=,sid= -p $$").output.split()
    assert mine == group == session


def test_a_command_has_none_of_our_descriptors(tmp_path: Path) -> None:
    """Only its own three, even when ours are inheritable."""
    with (tmp_path / "ours").open("w") as ours:
        os.set_inheritable(ours.fileno(), True)  # noqa: FBT003 - takes it by position only
        said = sh("for fd in /proc/$$/fd/*; do readlink $fd; done").output.decode()

    assert str(tmp_path) not in said


def test_arguments_meet_no_shell() -> None:
    """They arrive as they are."""
    assert b"$HOME; ls * `id`" == run("/usr/bin/printf", "%s", "$HOME; ls * `id`").output


@pytest.mark.usefixtures("impatient")
def test_a_command_that_hangs_is_ended_at_its_deadline() -> None:
    """By SIGTERM, which lets it tidy up."""
    began = time.monotonic()
    ran = sh("trap 'echo tidied; exit 0' TERM; echo here; sleep 60 & wait", timeout=0.6)

    assert ("timeout", b"here\n") == (ran.end, ran.output)
    assert time.monotonic() - began < 5.0


@pytest.mark.usefixtures("impatient")
def test_a_command_that_resists_is_killed_with_all_it_started() -> None:
    """SIGKILL follows, for the whole process group."""
    ran = sh("trap '' TERM; sleep 60 & echo $$ $!; wait; sleep 60", timeout=0.6)

    assert ("timeout", signal.SIGKILL) == (ran.end, -(ran.status or 0))
    assert all(gone(int(pid)) for pid in ran.output.split())


def test_what_a_command_leaves_behind_does_not_hold_up_its_answer() -> None:
    """A child that keeps the output open is not waited for, and is killed when the command has ended."""
    began = time.monotonic()
    ran = sh("sleep 60 & echo $!")

    assert ("exited", 0) == (ran.end, ran.status)
    assert gone(int(ran.output))
    assert time.monotonic() - began < 5.0


def test_what_made_itself_a_session_does_not_hold_up_its_answer_either() -> None:
    """It gets away, still holding the output, and is not waited for."""
    began = time.monotonic()
    ran = run("/usr/bin/setsid", "--fork", "/bin/sh", "-c", "echo $$; exec sleep 60")
    if not ran.output:  # the answer came before the escaped one had said anything
        return
    os.kill(int(ran.output), signal.SIGKILL)

    assert "exited" == ran.end
    assert time.monotonic() - began < 5.0


@pytest.mark.parametrize("stream", ["", " >&2"])
def test_a_command_that_says_too_much_is_ended(stream: str) -> None:
    """On either output; what is kept stays within the bound."""
    ran = sh(f"yes{stream}", timeout=10.0)

    assert "too_much" == ran.end
    assert len(ran.output) + len(ran.errors) <= command_run.LARGEST_OUTPUT_BYTES


def test_just_enough_is_not_too_much() -> None:
    """The bound itself may be said."""
    count = command_run.LARGEST_OUTPUT_BYTES
    assert ("exited", count) == ((ran := sh(f"head -c {count} /dev/zero")).end, len(ran.output))
    assert "too_much" == sh(f"head -c {count + 1} /dev/zero").end


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        (None, 0, "{} is not there"),
        ("#!/nowhere/sh\n", 0o755, "{}: the interpreter that its first line names is not there"),
        ("#!/bin/sh\n", 0o644, "{} may not be run by this user; wanted a file with mode 0755, not on a noexec file"),
        ("no program", 0o755, "{} is no program; a script begins with #! and its interpreter"),
    ],
)
def test_a_command_that_cannot_be_run_says_why(tmp_path: Path, content: str | None, mode: int, words: str) -> None:
    """With what would be right."""
    program = tmp_path / "check"
    if content is not None:
        program.write_text(content)
        program.chmod(mode)
    ran = run(str(program))

    assert "not_run" == ran.end
    assert ran.words.startswith(words.format(program))


def test_a_zero_byte_in_a_secret_is_told() -> None:
    """No command can be given one."""
    assert "zero byte" in run("/bin/true", KEY="a\0b").words


def test_a_daemon_that_stood_still_does_not_blame_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that ended meanwhile has ended; of one that runs on nobody knows whether it took too long."""

    class Stopped:
        """Stopped for ten seconds between two looks, in which the command goes on."""

        def __init__(self) -> None:
            self.looks = 0

        def monotonic(self) -> float:
            self.looks += 1
            if self.looks == 2:
                time.sleep(0.5)
            return 0.0 if self.looks < 2 else 10.0

    for script, wanted in (("echo 3", ("exited", b"3\n")), ("sleep 60", ("stood_still", b""))):
        monkeypatch.setattr(command_run, "time", Stopped())
        ran = sh(script)
        assert wanted == (ran.end, ran.output)


def test_a_run_can_be_called_off() -> None:
    """From another thread, also before it has begun."""
    off = threading.Event()
    threading.Timer(0.2, off.set).start()
    began = time.monotonic()
    ran = run("/bin/sleep", "60", timeout=30.0, off=off)
    assert "called_off" == ran.end
    assert time.monotonic() - began < 5.0

    assert Ran(end="called_off") == run("/bin/sleep", "60", off=off)


def test_a_thousand_runs_leave_nothing() -> None:
    """No descriptor, no child, no zombie."""
    runner = Runner(Command(argv=("/bin/true",), environment=ENVIRONMENT))
    runner.run(threading.Event())
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    before, others = descriptors(), children.read_text()
    ends = {runner.run(threading.Event()).end for _ in range(1000)}

    assert {"exited"} == ends
    assert descriptors() <= before
    assert others == children.read_text()


def test_the_secrets_of_a_command_are_in_no_text() -> None:
    """A value ends up in tracebacks."""
    assert "hunter2" not in repr(Command(argv=("/bin/true",), environment={"KEY": "hunter2"}))


def test_a_command_is_given_path_language_and_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing else of the daemon's."""
    for name in ("LANG", "TZ", "PATH"):
        monkeypatch.delenv(name, raising=False)
    assert {"PATH": os.defpath} == base_environment()
    for name in ("LANG", "TZ", "PATH", "CREDENTIALS_DIRECTORY", "HOME", "NOTIFY_SOCKET"):
        monkeypatch.setenv(name, "x")
    assert {"PATH": "x", "LANG": "x", "TZ": "x"} == base_environment()
