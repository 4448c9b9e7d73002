"""The engine under a virtual clock."""

from pathlib import Path

import pytest

from watchdog.config.compile import compile_
from watchdog.config.load import load
from watchdog.core.engine import evolve
from watchdog.core.events import Observed, Started, Submit, Tick
from watchdog.core.model import BrakeKind, Colour, Missing
from watchdog.core.phases import Phase
from watchdog.core.settings import Environment
from watchdog.core.state import Deployment, State
from watchdog.replay.journal import Journal
from watchdog.replay.simulator import Kill, Simulation
from watchdog.replay.world import Deed

ENVIRONMENT: Environment = compile_(load(str(Path(__file__).resolve().parents[2] / "rules" / "demo.yml"))).environment
SUBMIT = Submit(id="1", by="the operator", service="app", release="2", deployment="d1")


def simulation(**keys: object) -> Simulation:
    """A release on its way from second 5 on."""
    made = Simulation(environment=ENVIRONMENT, **keys)  # type: ignore[arg-type]  # keys of the constructor
    made.at(5.0, SUBMIT)
    return made


def deployment(made: Simulation) -> Deployment:
    found = made.state.services["app"].deployment
    assert found is not None
    return found


def test_the_same_simulation_twice_is_the_same() -> None:
    """Nothing but the seed decides what happens."""
    first, second = simulation(), simulation()
    first.run(80.0)
    second.run(40.0)
    second.run(80.0)

    assert first.transcript == second.transcript
    assert Phase.PROMOTED is deployment(first).phase


def test_the_transcript_folds_to_the_state() -> None:
    """Every record is in the transcript, in order, and nothing else has made the state."""
    made = simulation()
    made.run(50.0)
    state = State()
    for record in made.transcript:
        state = evolve(state, record)

    assert made.state == state
    assert [record.seq for record in made.transcript] == list(range(1, len(made.transcript) + 1))


@pytest.mark.parametrize("at", [5.1, 12.0, 21.05, 30.0, 45.0])
def test_a_crash_gives_everything_back(at: float) -> None:
    """Whenever the daemon dies in a deployment the journal gives its state back bit for bit."""
    made = simulation()
    made.restart_at(at)
    made.run(at + 0.5)

    (recovery,) = made.recoveries
    assert () == recovery.differences
    assert recovery.before.services["app"].deployment == recovery.after.services["app"].deployment
    assert recovery.before.services["app"].instances == recovery.after.services["app"].instances


def test_while_it_is_down_nothing_happens() -> None:
    """A dead daemon has no ticks and no readings."""
    made = simulation()
    made.restart_at(30.0, down=10.0)
    made.run(60.0)

    assert not [record for record in made.transcript if 30.0 < record.at < 40.0]
    assert [40.0] == [record.at for record in made.transcript if isinstance(record.body, Started) and record.at]


def test_a_process_that_stood_still_saw_nothing() -> None:
    """After SIGCONT the slice of the log says that it was not seen."""
    made = simulation()
    made.freeze_at(10.1, 60.0)
    made.run(71.0)
    slices = [
        record.body
        for record in made.transcript
        if isinstance(record.body, Observed) and record.body.source == "edge" and record.at > 10.1
    ]

    assert not [record for record in made.transcript if 10.1 < record.at < 70.1]
    assert {Missing.STALE} == {reading.value for reading in slices[0].readings}
    assert all(isinstance(reading.value, float) for reading in slices[1].readings)


def test_no_tick_is_a_record() -> None:
    """Time alone leaves no trace unless something was decided."""
    made = simulation()
    made.run(20.0)

    assert not [record for record in made.transcript if isinstance(record.body, Tick)]


def test_a_human_touches_the_brake() -> None:
    """The world is braked at once, and the daemon finds it when it looks."""
    made = simulation()
    made.brake_at(12.0, "app", Colour.GREEN)
    made.run(30.0)

    assert {Colour.GREEN: BrakeKind.HAND} == made.worlds["app"].router.brakes
    assert "human" in deployment(made).holds


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_an_effect(when: str) -> None:
    """A step whose record was kept is carried out in the end, wherever the daemon died."""
    made = simulation(kills=[Kill(deed=Deed.STEP, when=when, down=2.0)])  # type: ignore[arg-type]  # a parameter is a str
    made.run(15.0)

    assert 1 == len(made.recoveries)
    assert (Phase.SOAKING, 0.1) == (deployment(made).phase, made.worlds["app"].router.split.weight)


def test_a_full_disk_keeps_steps_from_being_taken() -> None:
    """An effect that waits for the journal is not performed while it fails."""
    made = simulation(journal=Journal([(15.0, 40.0)]))
    made.run(39.0)

    assert 0.1 == made.worlds["app"].router.split.weight
    assert "interlock" in deployment(made).holds
