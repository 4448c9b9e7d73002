"""Engine time never runs backwards and loses as little of an absence as the machine's clocks allow."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.daemon.clock import Clock, Machine
from watchdog.journal.codec import ClockMark

T0 = 1_700_000_000.0


@dataclass
class FakeMachine:
    """Clocks that a test moves."""

    boot: float = 1_000.0
    unix: float = T0
    boot_id: str = "first"

    def pass_(self, seconds: float) -> None:
        self.boot += seconds
        self.unix += seconds

    def reboot(self, wall: float) -> None:
        self.boot, self.unix, self.boot_id = 5.0, wall, "second"

    @property
    def machine(self) -> Machine:
        return Machine(boottime=lambda: self.boot, wall=lambda: self.unix, boot_id=lambda: self.boot_id)

    def clock(self, mark: ClockMark | None = None, at_least: float = 0.0) -> Clock:
        return Clock(mark, at_least=at_least, machine=self.machine)


@pytest.fixture
def fake() -> FakeMachine:
    return FakeMachine()


def test_the_first_start_begins_at_the_wall_clock(fake: FakeMachine) -> None:
    """Engine time is readable as Unix time as long as nobody moves the wall clock."""
    clock = fake.clock()

    assert (T0, False, ()) == (clock.now(), clock.rebooted, clock.messages)


def test_the_wall_clock_does_not_move_engine_time(fake: FakeMachine) -> None:
    """A wall clock that is set, forwards or backwards, changes nothing; time that passes does."""
    clock = fake.clock()
    fake.unix += 500.0
    assert T0 == clock.now()
    fake.unix -= 5_000.0
    fake.boot += 2.5

    assert T0 + 2.5 == clock.now()


def test_a_restart_on_the_same_boot_goes_on_by_the_boot_clock(fake: FakeMachine) -> None:
    """The time that the daemon was down counts, also when the wall clock was set meanwhile."""
    mark = fake.clock().mark()
    fake.boot += 30.0
    fake.unix -= 9_999.0

    clock = fake.clock(mark)

    assert (T0 + 30.0, False, ()) == (clock.now(), clock.rebooted, clock.messages)


def test_a_reboot_goes_on_by_the_wall_clock(fake: FakeMachine) -> None:
    """What passed between the last checkpoint and the start is what the wall clock says."""
    mark = fake.clock().mark()
    fake.reboot(T0 + 120.0)

    clock = fake.clock(mark)

    assert (T0 + 120.0, True, ()) == (clock.now(), clock.rebooted, clock.messages)


def test_a_wall_clock_behind_the_checkpoint_counts_nothing(fake: FakeMachine) -> None:
    """A machine without a clock battery starts in the past; engine time stands, and people hear of it."""
    mark = fake.clock().mark()
    fake.reboot(T0 - 3_600.0)

    clock = fake.clock(mark)

    assert T0 == clock.now()
    (message,) = clock.messages
    assert message.startswith("the machine was started anew, and the wall clock stands 3600 s before the last check")
    assert message.endswith("no absence is counted")


def test_a_long_absence_is_capped(fake: FakeMachine) -> None:
    """More than a day after a reboot counts as a day, and people hear of it."""
    mark = fake.clock().mark()
    fake.reboot(T0 + 90.0 * 3_600.0)

    clock = fake.clock(mark)

    assert T0 + 86_400.0 == clock.now()
    assert (
        "the machine was started anew, by the wall clock 90.0 h after the last checkpoint; 24 h are counted",
    ) == clock.messages


def test_a_day_is_not_capped(fake: FakeMachine) -> None:
    """Exactly a day is believed."""
    mark = fake.clock().mark()
    fake.reboot(T0 + 86_400.0)

    assert () == fake.clock(mark).messages


def test_never_behind_the_newest_record(fake: FakeMachine) -> None:
    """Records after the checkpoint hold engine time up when the wall clock cannot."""
    mark = fake.clock().mark()
    fake.reboot(T0 - 3_600.0)

    assert T0 + 7.0 == fake.clock(mark, at_least=T0 + 7.0).now()


def test_a_boot_clock_that_jumps_back_is_ignored(fake: FakeMachine) -> None:
    """A restored virtual machine may show an earlier boot clock: engine time stands until it is caught up."""
    clock = fake.clock()
    fake.pass_(10.0)
    assert T0 + 10.0 == clock.now()
    fake.boot -= 8.0
    assert T0 + 10.0 == clock.now()
    fake.boot += 9.0

    assert T0 + 11.0 == clock.now()


def test_to_the_wall_clock_and_back(fake: FakeMachine) -> None:
    """Both ways agree, and go by the wall clock as it is now."""
    clock = fake.clock()
    fake.pass_(10.0)
    fake.unix += 100.0

    assert T0 + 110.0 == clock.to_wall(clock.now())
    assert T0 + 105.0 == clock.to_wall(T0 + 5.0)
    assert T0 + 5.0 == clock.from_wall(T0 + 105.0)
    assert T0 + 110.0 == clock.wall()


def test_a_mark_has_all_clocks(fake: FakeMachine) -> None:
    """What a later start needs."""
    clock = fake.clock()
    fake.pass_(1.5)

    assert ClockMark(boot_id="first", boottime=1_001.5, wall=T0 + 1.5, engine=T0 + 1.5) == clock.mark()


steps = st.lists(st.tuples(st.sampled_from(["pass", "set", "restart", "reboot"]), st.floats(-1e6, 1e6)), max_size=20)


@given(steps)
def test_engine_time_never_runs_backwards(happenings: list[tuple[str, float]]) -> None:
    """Whatever happens to the machine's clocks, and over any number of restarts and reboots."""
    fake = FakeMachine()
    clock = fake.clock()
    seen = clock.now()
    for what, amount in happenings:
        if what == "pass":
            fake.pass_(abs(amount))
        elif what == "set":
            fake.unix += amount
        else:
            mark = clock.mark()
            if what == "reboot":
                fake.reboot(fake.unix + amount)
                fake.boot_id = f"boot {amount}"
            clock = fake.clock(mark)
        assert seen <= clock.now()
        seen = clock.now()


def test_the_real_clocks() -> None:
    """On this machine engine time begins now, and a restart goes on."""
    machine = Machine()
    first = Clock(None)
    second = Clock(first.mark())

    assert abs(machine.wall() - first.now()) < 5.0
    assert not second.rebooted
    assert -0.001 < second.now() - first.now() < 5.0  # seconds since 1970 are whole to a microsecond only
