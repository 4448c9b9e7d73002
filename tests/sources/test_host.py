"""The machine and its processes without real load: files of control groups, systemd's answers, arithmetic, pid files.

With real processes and real control groups: tests/acceptance/test_sources_host.py.
"""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from watchdog.core.model import Colour, Missing, Reading
from watchdog.sources.host import source as host_source
from watchdog.sources.host import system, units
from watchdog.sources.host.cgroups import Cgroup, Hierarchies
from watchdog.sources.host.gauge import GroupGauge
from watchdog.sources.host.groups import CgroupAt, PidFile, Unit
from watchdog.sources.host.source import HostSource
from watchdog.sources.host.units import SystemdError, UnitState
from watchdog.sources.host.values import GoneError, Lacking, Look, Seen

MIB = 2**20
LOOK = Look(
    main="1@1", cpu_seconds=10.0, cores=2.0, memory=50.0, memory_limit=200.0, processes=1.0, threads=3.0, open_files=0.1
)
GONE = Lacking(missing=Missing.EMPTY, why="gone")


def files(folder: Path, contents: Mapping[str, str]) -> Path:
    for name, text in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def version2(tmp_path: Path) -> Hierarchies:
    """A slice with a quota and a limit, and a service in it with a child group."""
    root = files(
        tmp_path / "v2",
        {
            "app.slice/cpu.max": "150000 100000\n",
            "app.slice/memory.max": "104857600\n",
            "app.slice/a.service/cpu.max": "max 100000\n",
            "app.slice/a.service/memory.max": "max\n",
            "app.slice/a.service/cpu.stat": "usage_usec 2500000\nuser_usec 1\n",
            "app.slice/a.service/memory.current": f"{60 * MIB}\n",
            "app.slice/a.service/memory.stat": f"anon 1\ninactive_file {20 * MIB}\n",
            "app.slice/a.service/memory.events": "low 0\noom 4\noom_kill 3\n",
            "app.slice/a.service/cgroup.procs": f"{os.getpid()}\n",
            "app.slice/a.service/child/cgroup.procs": "7\n",
        },
    )
    return Hierarchies(unified=root)


@pytest.fixture
def version1(tmp_path: Path) -> Hierarchies:
    """The same in version 1, beside a version 2 that has no controllers."""
    names = ("cpu", "cpuacct", "memory", "name=systemd")
    root = files(
        tmp_path,
        {
            "unified/a/cgroup.procs": f"{os.getpid()}\n",
            "cpu/a/cpu.cfs_quota_us": "50000\n",
            "cpu/a/cpu.cfs_period_us": "100000\n",
            "cpu/cpu.cfs_quota_us": "-1\n",
            "cpu/cpu.cfs_period_us": "100000\n",
            "cpuacct/a/cpuacct.usage": "2500000000\n",
            "memory/a/memory.usage_in_bytes": f"{60 * MIB}\n",
            "memory/a/memory.stat": f"total_inactive_file {20 * MIB}\nhierarchical_memory_limit {100 * MIB}\n",
            "memory/a/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
            "name=systemd/a/cgroup.procs": f"{os.getpid()}\n",
        },
    )
    return Hierarchies(unified=root / "unified", controllers={name: root / name for name in names})


def test_a_group_of_version_2(version2: Hierarchies) -> None:
    """Its own use; the least limit of those above; the processes of the groups in it."""
    group = Cgroup("/app.slice/a.service", version2)

    assert (2.5, 1.5) == (group.cpu_seconds(), group.quota())
    assert (40.0 * MIB, 100.0 * MIB) == (group.memory(), group.memory_limit())
    assert 3.0 == group.oom_kills()
    assert sorted([7, os.getpid()]) == group.pids()


def test_a_group_of_version_1_beside_version_2(version1: Hierarchies) -> None:
    """Each controller has its own folder; the group in version 2 has no figures."""
    group = Cgroup("/a", version1)

    assert (2.5, 0.5) == (group.cpu_seconds(), group.quota())
    assert (40.0 * MIB, 100.0 * MIB) == (group.memory(), group.memory_limit())
    assert 3.0 == group.oom_kills()
    assert [os.getpid()] == group.pids()


def test_a_group_that_counts_nothing_says_what_to_set(tmp_path: Path) -> None:
    """No figure is not zero."""
    group = Cgroup("/a", Hierarchies(unified=files(tmp_path, {"a/cgroup.procs": ""})))

    assert [Lacking] * 3 == [type(each()) for each in (group.cpu_seconds, group.memory, group.oom_kills)]
    assert (None, None) == (group.quota(), group.memory_limit())
    assert "MemoryAccounting=yes" in str(group.memory())


def test_the_kernel_tells_where_groups_are(tmp_path: Path) -> None:
    """Controllers that share a mount have one folder."""
    mounts = files(
        tmp_path,
        {
            "mounts": "proc /proc proc rw 0 0\ncgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n"
            "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"
        },
    )
    found = Hierarchies.mounted(mounts / "mounts")

    assert Path("/sys/fs/cgroup/unified") == found.unified
    assert Path("/sys/fs/cgroup/cpu,cpuacct") == found.controllers["cpu"] == found.controllers["cpuacct"]
    assert 2 == len(found.roots)


def test_a_group_is_seen_as_it_is(version2: Hierarchies) -> None:
    """100 % of the processors is the quota, of memory the limit."""
    seen = CgroupAt("/app.slice/a.service", lambda: version2).see()

    assert isinstance(seen.look, Look)
    assert (2.5, min(1.5, system.cores()), 40.0 * MIB, 100.0 * MIB) == (
        seen.look.cpu_seconds,
        seen.look.cores,
        seen.look.memory,
        seen.look.memory_limit,
    )
    assert (3.0, None) == (seen.oom_kills, seen.restarts)


def test_a_group_without_processes_is_empty(version2: Hierarchies, tmp_path: Path) -> None:
    """Its kills are still counted; a group that is not there has none."""
    files(tmp_path / "v2", {"app.slice/a.service/cgroup.procs": "", "app.slice/a.service/child/cgroup.procs": ""})
    seen = CgroupAt("/app.slice/a.service", lambda: version2).see()
    nowhere = CgroupAt("/nowhere", lambda: version2).see()

    assert isinstance(seen.look, Lacking)
    assert (Missing.EMPTY, 3.0) == (seen.look.missing, seen.oom_kills)
    assert Lacking(missing=Missing.EMPTY, why="there is no control group /nowhere") == nowhere.look == nowhere.oom_kills


def script(folder: Path, text: str) -> tuple[str, ...]:
    (folder / "systemctl").write_text(text)
    return ("/bin/sh", str(folder / "systemctl"))


def test_systemd_is_asked_for_a_unit(tmp_path: Path) -> None:
    """Group, state and restarts."""
    text = (
        "echo LoadState=loaded; echo ActiveState=active; echo ControlGroup=/system.slice/a.service; echo NRestarts=4\n"
    )

    assert UnitState(active="active", cgroup="/system.slice/a.service", restarts=4) == units.state(
        "a.service", script(tmp_path, text)
    )


def test_what_systemd_does_not_know_is_gone_and_silence_is_an_error(tmp_path: Path) -> None:
    """A unit that is not there; no systemd; no systemctl."""
    with pytest.raises(GoneError, match=r"a\.service is not-found"):
        units.state("a.service", script(tmp_path, "echo LoadState=not-found\n"))
    with pytest.raises(SystemdError, match="not been booted"):
        units.state("a.service", script(tmp_path, "echo not been booted with systemd >&2; exit 1\n"))
    with pytest.raises(SystemdError, match="No such file"):
        units.state("a.service", ("/nowhere/systemctl",))


def test_a_systemd_that_hangs_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the time that a poll has."""
    monkeypatch.setattr(units, "WITHIN", 0.2)

    with pytest.raises(SystemdError, match="no answer"):
        units.state("a.service", script(tmp_path, "exec sleep 30\n"))


def test_a_unit_between_two_runs_has_restarts_and_nothing_else(version2: Hierarchies) -> None:
    """Its group is gone, systemd's counter is not."""
    state = UnitState(active="activating", cgroup="", restarts=2)
    between = Unit("a.service", lambda _: state, lambda: version2).see()
    running = replace(state, active="active", cgroup="/app.slice/a.service")
    runs = Unit("a.service", lambda _: running, lambda: version2).see()

    assert (Lacking(missing=Missing.EMPTY, why="a.service is activating"), 2.0) == (between.look, between.restarts)
    assert isinstance(runs.look, Look)
    assert (2.0, 3.0) == (runs.restarts, runs.oom_kills)


def test_a_unit_that_cannot_be_asked_for_says_why() -> None:
    """Empty when it is not there, an error when systemd is silent."""

    def gone(_: str) -> UnitState:
        raise GoneError("a.service is not-found")

    def silent(_: str) -> UnitState:
        raise SystemdError("no bus")

    assert Lacking(missing=Missing.EMPTY, why="a.service is not-found") == Unit("a.service", gone).see().restarts
    assert Lacking(missing=Missing.ERROR, why="no bus") == Unit("a.service", silent).see().look


@pytest.fixture
def child() -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_a_pid_file_leads_to_its_process(tmp_path: Path, child: "subprocess.Popen[bytes]") -> None:
    """Its own memory and threads; who it is does not change while it lives."""
    file = tmp_path / "app.pid"
    file.write_text(f"{child.pid}\n")
    first, second = PidFile(file).see().look, PidFile(file).see().look

    assert isinstance(first, Look)
    assert isinstance(second, Look)
    assert first.main == second.main
    assert (1.0, 1.0) == (first.processes, first.threads)
    assert isinstance(first.memory, float)
    assert first.memory > MIB


def test_a_clock_that_is_set_is_no_restart(
    tmp_path: Path, child: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of day at which a process began moves with the clock; the process is the same."""
    file = tmp_path / "app.pid"
    file.write_text(f"{child.pid}\n")
    first = PidFile(file).see().look
    booted = psutil.boot_time()
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: booted - 100.0)
    second = PidFile(file).see().look

    assert isinstance(first, Look)
    assert isinstance(second, Look)
    assert first.main == second.main


def test_a_pid_file_that_leads_nowhere_is_empty(tmp_path: Path, child: "subprocess.Popen[bytes]") -> None:
    """No file, an empty one, a dead process, a zombie, another process with the number; nonsense is an error."""
    file = tmp_path / "app.pid"
    pid = child.pid

    def missing() -> Missing:
        look = PidFile(file).see().look
        assert isinstance(look, Lacking)
        return look.missing

    assert Missing.EMPTY is missing()
    file.write_text("\n")
    assert Missing.EMPTY is missing()
    file.write_text("x\n")
    assert Missing.ERROR is missing()
    file.write_text(f"{pid}\n")
    os.utime(file, (1.0, 1.0))  # written long before the process began
    assert Missing.EMPTY is missing()
    file.write_text(f"{pid}\n")
    child.kill()
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # ended, and nobody has taken note
    assert Missing.EMPTY is missing()
    child.wait()
    assert Missing.EMPTY is missing()


def at(gauge: GroupGauge, seen: Seen, when: float) -> dict[str, Reading]:
    return {each.signal: each for each in gauge.readings(seen, when)}


def test_processor_time_is_a_share_of_what_may_be_used_since_the_last_look() -> None:
    """The first look has no share; the second says over which time."""
    gauge = GroupGauge(Colour.GREEN, ("restarts",))
    first = at(gauge, Seen(look=LOOK), 100.0)["cpu"]
    second = at(gauge, Seen(look=replace(LOOK, cpu_seconds=13.0)), 102.0)["cpu"]

    assert (Missing.EMPTY, Colour.GREEN) == (first.value, first.colour)
    assert (0.75, (100.0, 102.0)) == (second.value, second.over)


def test_another_run_has_no_share_yet_and_is_a_restart() -> None:
    """Its processor time began at 0 again."""
    gauge = GroupGauge(None, ("restarts",))
    at(gauge, Seen(look=LOOK), 100.0)
    seen = at(gauge, Seen(look=replace(LOOK, main="2@9", cpu_seconds=0.1)), 102.0)
    after = at(gauge, Seen(look=replace(LOOK, main="2@9", cpu_seconds=0.2)), 104.0)

    assert (Missing.EMPTY, 1.0, (100.0, 102.0)) == (seen["cpu"].value, seen["restarts"].value, seen["restarts"].over)
    assert pytest.approx(0.025) == after["cpu"].value
    assert 0.0 == after["restarts"].value


def test_processes_that_are_gone_are_missing_and_their_return_is_a_restart() -> None:
    """Not 0 %; the count reaches over the gap."""
    gauge = GroupGauge(None, ("restarts",))
    at(gauge, Seen(look=LOOK), 100.0)
    gone = at(gauge, Seen(look=GONE), 102.0)
    back = at(gauge, Seen(look=replace(LOOK, main="2@9")), 104.0)

    assert {(Missing.EMPTY, "gone")} == {(each.value, each.detail) for each in gone.values()}
    assert (1.0, (100.0, 104.0)) == (back["restarts"].value, back["restarts"].over)


def test_systemd_s_counters_are_differenced_also_without_processes() -> None:
    """A counter that begins anew counts what it shows."""
    gauge = GroupGauge(None, ("restarts", "oom_kills"))
    looks = [
        at(gauge, Seen(look=GONE, restarts=restarts, oom_kills=kills), when)
        for when, restarts, kills in ((1.0, 5.0, 1.0), (2.0, 7.0, 1.0), (3.0, 1.0, GONE), (4.0, 1.0, 4.0))
    ]

    assert [[Missing.EMPTY, Missing.EMPTY], [2.0, 0.0], [1.0, Missing.EMPTY], [0.0, 3.0]] == [
        [seen["restarts"].value, seen["oom_kills"].value] for seen in looks
    ]


def test_memory_is_a_share_of_the_limit() -> None:
    """Both the share and the bytes; what is lacking stays lacking."""
    gauge = GroupGauge(None, ())
    seen = at(gauge, Seen(look=replace(LOOK, open_files=Lacking(why="permission"))), 1.0)

    assert (0.25, 50.0) == (seen["memory"].value, seen["memory_bytes"].value)
    assert (Missing.ERROR, "permission") == (seen["open_files"].value, seen["open_files"].detail)


def test_a_machine_has_everything_of_its_own(tmp_path: Path) -> None:
    """No restarts; disks by name, also one that is not there."""
    host = HostSource(name="host", interval=1.0, groups=(), disks={"tmp": tmp_path, "no": tmp_path / "no"}, now=Ticks())

    async def twice() -> list[Reading]:
        await host.poll()
        readings = await host.poll()
        await host.close()
        return list(readings)

    seen = {each.signal: each.value for each in asyncio.run(twice())}
    names = {"cpu", "memory", "memory_bytes", "processes", "threads", "open_files", "oom_kills", "swap", "load"}

    assert names | {"disk[tmp]", "disk[no]"} == set(seen)
    assert {each.signal for each in host.missing()} == set(seen)
    assert isinstance(seen["cpu"], float)
    assert isinstance(seen["memory"], float)
    assert 0.0 < seen["memory"] < 1.0
    assert Missing.EMPTY is seen["disk[no]"]


class Ticks:
    """A clock that moves by itself."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def test_a_file_system_that_hangs_costs_its_own_readings_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a network's does whose server is gone."""
    hang = threading.Event()
    monkeypatch.setattr(host_source, "WITHIN", 0.3)
    monkeypatch.setattr(system, "disk", lambda _: float(hang.wait(10)))
    host = HostSource(name="host", interval=1.0, groups=(), disks={"tmp": tmp_path}, now=Ticks())
    seen = {each.signal: each.value for each in asyncio.run(host.poll())}
    hang.set()

    assert Missing.TIMEOUT is seen["disk[tmp]"]
    assert isinstance(seen["load"], float)


def test_people_are_told_what_a_share_is_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is not there, once and not for each of its signals."""
    monkeypatch.setattr(host_source, "BUSY_PAUSE", 0.0)
    file = tmp_path / "app.pid"
    file.write_text(str(os.getpid()))
    groups = [(Colour.BLUE, PidFile(file)), (Colour.GREEN, PidFile(tmp_path / "no.pid"))]
    host = HostSource(name="host", interval=1.0, groups=groups, disks={}, now=Ticks())
    blue, green, *rest = asyncio.run(host.examine())

    assert blue.ok
    assert blue.what.startswith(f"blue: pid file {file}: cpu is a share of {system.cores():g} cores, memory of ")
    assert (False, f"green: pid file {tmp_path}/no.pid: {tmp_path}/no.pid is not there") == (green.ok, green.what)
    assert [] == [each.what for each in rest if each.what.startswith("green: ")]
    told = {each.what.partition(" is ")[0]: each.what.partition(" is ")[2] for each in rest if each.ok}
    assert told["blue: memory"].endswith(" %")
    assert told["blue: memory_bytes"].endswith("iB")
