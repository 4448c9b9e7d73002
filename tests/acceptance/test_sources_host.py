"""The host source against real processes and control groups: the laboratory's application burns, leaks and dies."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

import pytest

from simulations.lab.apps import AppProcess
from simulations.lab.processes import run_folder, wait_until
from watchdog.core.model import Colour, Missing, Reading
from watchdog.sources.host.cgroups import Hierarchies
from watchdog.sources.host.groups import CgroupAt, PidFile
from watchdog.sources.host.source import HostSource

pytestmark = pytest.mark.acceptance

MIB = 2**20
BLUE, GREEN = Colour.BLUE, Colour.GREEN


class Watched:
    """A host source that keeps what it knows between the polls of a test."""

    def __init__(self, *groups: tuple[Colour | None, PidFile | CgroupAt]) -> None:
        self._runner = asyncio.Runner()
        self._source = HostSource(name="host", interval=1.0, groups=groups, disks={}, now=time.monotonic)

    def poll(self) -> Mapping[tuple[str, Colour | None], Reading]:
        return {(each.signal, each.colour): each for each in self._runner.run(self._source.poll())}

    def over(self, seconds: float) -> Mapping[tuple[str, Colour | None], Reading]:
        """What is read after that time, and so speaks of it."""
        self.poll()
        time.sleep(seconds)  # the kernel counts processor time by the real clock
        return self.poll()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._source.close())
        self._runner.close()


def number(reading: Reading) -> float:
    assert not isinstance(reading.value, Missing), reading
    return reading.value


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with run_folder() as made:
        yield made


@pytest.fixture(scope="module")
def apps(folder: Path) -> Iterator[Mapping[Colour, AppProcess]]:
    with AppProcess.start("blue", folder) as blue, AppProcess.start("green", folder) as green:
        yield {BLUE: blue, GREEN: green}


@pytest.fixture
def watched(folder: Path, apps: Mapping[Colour, AppProcess]) -> Iterator[Watched]:
    """Both colours by pid file, without faults."""
    for colour, app in apps.items():
        app.fault(clear=True)
        (folder / f"{colour}.pid").write_text(f"{app.child.pid}\n")
    with Watched(*((colour, PidFile(folder / f"{colour}.pid")) for colour in apps)) as watching:
        yield watching
    for app in apps.values():
        app.fault(clear=True)


def test_the_colour_that_burns_is_told_from_the_other(watched: Watched, apps: Mapping[Colour, AppProcess]) -> None:
    """The burner is a child of the application; half a core is that part of the machine."""
    apps[GREEN].fault(burn=0.5)
    wait_until(lambda: number(watched.over(0.2)["cpu", GREEN]) > 0.01, what="a burner", timeout=10)
    seen = watched.over(1.0)

    green, blue = number(seen["cpu", GREEN]), number(seen["cpu", BLUE])
    assert 0.15 < green * (os.cpu_count() or 1) < 0.8  # less than ordered where others need the processors too
    assert blue < green / 3
    assert (2.0, 1.0) == (seen["processes", GREEN].value, seen["processes", BLUE].value)


def test_the_colour_that_leaks_is_told_from_the_other(watched: Watched, apps: Mapping[Colour, AppProcess]) -> None:
    """Its memory grows by what is leaked, the other's stays."""
    before = watched.poll()
    apps[GREEN].fault(leak=100)

    def grown(colour: Colour) -> float:
        return number(watched.poll()["memory_bytes", colour]) - number(before["memory_bytes", colour])

    wait_until(lambda: grown(GREEN) > 60 * MIB, what="a leak", timeout=10)
    after = watched.poll()

    assert grown(BLUE) < 10 * MIB
    assert number(after["memory", GREEN]) > number(after["memory", BLUE])


def test_a_process_that_dies_is_missing_and_its_return_is_a_restart(
    watched: Watched, apps: Mapping[Colour, AppProcess], folder: Path
) -> None:
    """Not 0 %; the other colour is read as before."""
    watched.poll()
    apps[GREEN].crash()
    gone = watched.poll()
    apps[GREEN].restart()
    (folder / "green.pid").write_text(f"{apps[GREEN].child.pid}\n")
    back = watched.poll()
    later = watched.poll()

    assert {Missing.EMPTY} == {gone[name, GREEN].value for name in ("cpu", "memory", "processes", "restarts")}
    assert (1.0, 0.0) == (back["restarts", GREEN].value, back["restarts", BLUE].value)
    assert (0.0, 0.0) == (later["restarts", GREEN].value, later["restarts", BLUE].value)
    assert Missing.EMPTY is back["cpu", GREEN].value
    assert number(later["cpu", GREEN]) >= 0.0


class Groups:
    """Control groups of version 1 with their own limits, one for each colour."""

    def __init__(self) -> None:
        self._controllers = Hierarchies.mounted().controllers
        self._made: list[Path] = []

    def make(self, name: str, **limits: int) -> None:
        """With these limits, such as `memory_limit_in_bytes`. OSError."""
        for controller in ("memory", "cpu", "cpuacct"):
            made = self._controllers[controller] / name.strip("/")
            made.mkdir(exist_ok=True)
            self._made.append(made)
            for limit, value in limits.items():
                file = made / f"{controller}.{limit.partition('_')[2]}"
                if limit.startswith(f"{controller}_"):
                    file.write_text(str(value))

    def enter(self, name: str, pid: int) -> None:
        """Put a process in."""
        for controller in ("memory", "cpu", "cpuacct"):
            (self._controllers[controller] / name.strip("/") / "cgroup.procs").write_text(str(pid))

    def remove(self) -> None:
        """Empty groups can be removed."""
        for made in self._made:
            with contextlib.suppress(OSError):
                made.rmdir()


@pytest.fixture
def groups() -> Iterator[Groups]:
    wanted = {"memory", "cpu", "cpuacct"}
    if not wanted <= set(Hierarchies.mounted().controllers):
        pytest.skip("no control groups of version 1 here; those of version 2 are read from files in tests/sources")
    made = Groups()
    try:
        made.make(f"/rwd-trial-{os.getpid()}")
    except OSError as error:
        made.remove()
        pytest.skip(f"control groups cannot be made here: {error}")
    yield made
    made.remove()


@contextlib.contextmanager
def program(text: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A Python program that waits for a line before it begins."""
    process = subprocess.Popen(
        [sys.executable, "-c", f"input()\n{text}"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def begin(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.flush()


def test_control_groups_tell_colours_apart(groups: Groups) -> None:
    """Of a quota of half a core a loop that spins takes all; memory is a share of the group's own limit."""
    names = {colour: f"/rwd-{colour}-{os.getpid()}" for colour in Colour}
    for name in names.values():
        groups.make(name, cpu_cfs_quota_us=50_000, memory_limit_in_bytes=128 * MIB)
    with (
        program("import time; time.sleep(60)") as blue,
        program("kept = b'x' * (64 << 20)\nwhile True: pass") as green,
        Watched(*((colour, CgroupAt(name)) for colour, name in names.items())) as watching,
    ):
        groups.enter(names[BLUE], blue.pid)
        groups.enter(names[GREEN], green.pid)
        begin(blue)
        begin(green)
        wait_until(lambda: number(watching.poll()["memory_bytes", GREEN]) > 60 * MIB, what="memory in use")
        seen = watching.over(1.0)

    assert 0.3 < number(seen["cpu", GREEN]) < 1.3
    assert number(seen["cpu", BLUE]) < 0.1
    assert 0.45 < number(seen["memory", GREEN]) < 0.8
    assert number(seen["memory", BLUE]) < 0.3
    assert {0.0} == {seen["oom_kills", colour].value for colour in Colour}


def test_a_process_that_the_kernel_ends_is_an_oom_kill(groups: Groups) -> None:
    """Counted in the group whose limit it was."""
    name = f"/rwd-oom-{os.getpid()}"
    groups.make(name, memory_limit_in_bytes=32 * MIB)
    with Watched((GREEN, CgroupAt(name))) as watching, program("kept = b'x' * (256 << 20)") as greedy:
        groups.enter(name, greedy.pid)
        before = watching.poll()
        begin(greedy)
        code = greedy.wait(20)
        after = watching.poll()

    if code == 1:
        pytest.skip("this kernel refuses the memory instead of ending the process")
    assert Missing.EMPTY is before["oom_kills", GREEN].value
    assert number(after["oom_kills", GREEN]) >= 1.0
    assert Missing.EMPTY is after["memory", GREEN].value
