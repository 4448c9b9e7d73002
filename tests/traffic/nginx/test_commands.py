"""Commands with a deadline."""

import asyncio
import resource
import time
from pathlib import Path

import pytest

from watchdog.traffic.nginx.commands import Ran, run


def test_a_command_ends_with_its_status_and_output() -> None:
    """Both streams are read; status 0 is ok."""
    ran = asyncio.run(run(("sh", "-c", "echo out; echo err >&2"), 5))

    assert (True, 0, {"out", "err"}) == (ran.ok, ran.status, set(ran.output.split()))


def test_a_failure_shows_nginxs_own_line() -> None:
    """The sentence has command, status and the line with the error."""
    line = 'nginx: [emerg] host not found in upstream "x" in /etc/nginx/a.conf:7'
    script = f"echo '2026 [warn] conflicting'; echo '{line}'; echo 'nginx: configuration file test failed'; exit 1"
    ran = asyncio.run(run(("sh", "-c", script), 5))

    assert line == ran.line
    assert str(ran).endswith(f"exit status 1: {line}")


def test_a_hung_command_is_killed_with_its_children(tmp_path: Path) -> None:
    """At the deadline its whole process group goes; what it had written is kept."""
    child = tmp_path / "child"
    began = time.monotonic()
    ran = asyncio.run(run(("sh", "-c", f"echo begun; sleep 4711 & echo $! > {child}; wait"), 0.2))

    assert time.monotonic() - began < 2
    assert (None, "begun\n", "did not end within 0.2 s and was killed") == (ran.status, ran.output, ran.problem)
    stat = Path("/proc", child.read_text().strip(), "stat")
    assert not stat.exists() or ") Z " in stat.read_text()  # nobody may be there to reap it


def test_a_command_is_called_off_at_once() -> None:
    """Long before its deadline, when the order is void."""

    async def play() -> Ran:
        off = asyncio.Event()
        ran = asyncio.ensure_future(run(("sleep", "4711"), 60, off=off))
        await asyncio.sleep(0.05)
        off.set()
        return await ran

    began = time.monotonic()
    assert "called off" == asyncio.run(play()).problem
    assert time.monotonic() - began < 2


def test_a_cancelled_command_is_killed(tmp_path: Path) -> None:
    """A daemon that stops leaves no command behind."""
    pid = tmp_path / "pid"

    async def play() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(run(("sh", "-c", f"echo $$ > {pid}; exec sleep 4711"), 60), 0.2)

    asyncio.run(play())
    assert not Path("/proc", pid.read_text().strip()).exists()


def test_output_without_end_is_bounded() -> None:
    """The first bytes are kept, the rest is read away so that the command can go on to its end."""
    ran = asyncio.run(run(("sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x"), 10, limit=1000))

    assert (0, 1000) == (ran.status, len(ran.output))


def test_a_grandchild_that_keeps_the_output_open_holds_nothing_up() -> None:
    """The command's own end counts, not the end of what it started."""
    began = time.monotonic()
    ran = asyncio.run(run(("sh", "-c", "sleep 1 & echo done"), 5))

    assert time.monotonic() - began < 0.9
    assert (0, "done\n") == (ran.status, ran.output)


def test_a_command_that_is_not_there_is_told() -> None:
    """No exception: a sentence."""
    ran = asyncio.run(run(("/nonexistent/nginx", "-t"), 5))

    assert (False, None) == (ran.ok, ran.status)
    assert "/nonexistent/nginx -t: cannot be started (No such file or directory): no output" == str(ran)


def test_without_a_descriptor_it_is_told() -> None:
    """A command cannot be started then; behind a brake that is a warning, not an error of the program."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def play() -> Ran:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
        try:
            return await run(("true",), 5)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert "true: cannot be started (Too many open files): no output" == str(asyncio.run(play()))
