"""What follows a proved rollback: commands one after the other, then what becomes of the candidate."""

from dataclasses import replace

import pytest

from tests.core.examples import GREEN, READY, SHOP, environment
from tests.core.world import World
from watchdog.core.effects import DrainCandidate, Effect, RunHook, SetTraffic
from watchdog.core.events import Configured, Did, HookOutcome, Rollback, Submit
from watchdog.core.model import AfterRollback
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import DoneByHand, HookOrdered, Refused
from watchdog.core.settings import Service
from watchdog.core.state import Aftermath, DoneTask

PLAIN = replace(READY, divert=False, parachute_every=None)
BACK = Rollback(id="b", by="ada", service=SHOP)


def soaking(service: Service = PLAIN) -> World:
    world = World(environment=environment(service)).begin().submit()
    world.run(14.0)
    return world


def rolled_back(service: Service = PLAIN, *, failing: tuple[type[Effect], ...] = (), lost: str = "") -> World:
    world = soaking(service)
    world.failing.update(failing)
    world.lost = lambda effect: isinstance(effect, RunHook) and effect.hook == lost
    world.put(BACK)
    assert world.run(10.0, lambda world: world.is_in(Phase.ROLLED_BACK))
    return world


def followed(world: World) -> list[str]:
    return [
        effect.hook if isinstance(effect, RunHook) else "drain"
        for effect in world.effects
        if isinstance(effect, (RunHook, DrainCandidate))
    ]


def reasons(world: World) -> list[Reason]:
    return [incident.reason for incident in world.shop.incidents.values()]


def refused(world: World) -> tuple[Reason, str]:
    (body,) = world.bodies(Refused)[-1:]
    assert isinstance(body, Refused)
    return body.reason, body.detail


def test_commands_run_one_after_the_other_and_then_the_candidate_is_drained_and_stopped() -> None:
    """Each begins when the one before it has ended."""
    world = rolled_back()
    assert ["tell-ci"] == followed(world)
    world.run(2.0)

    assert ["tell-ci", "flush", "drain", "stop"] == followed(world)
    deployment = world.deployment
    assert {"tell-ci": True, "flush": True, "stop": True} == {name: run.ok for name, run in deployment.hooks.items()}
    assert deployment.draining is not None
    assert (True, deployment.draining.ended) == (deployment.draining.ok, deployment.drained)
    (drain,) = [effect for effect in world.effects if isinstance(effect, DrainCandidate)]
    assert (GREEN, 30.0) == (drain.colour, drain.within)
    world.run(100.0)
    assert 4 == len(followed(world))
    assert [Reason.PROVED_BY_TRAFFIC] == reasons(world)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (AfterRollback.LEAVE, ["tell-ci", "flush"]),
        (AfterRollback.DRAIN, ["tell-ci", "flush", "drain"]),
        (AfterRollback.STOP, ["tell-ci", "flush", "drain", "stop"]),
    ],
)
def test_the_candidate_is_left_drained_or_stopped(wanted: AfterRollback, expected: list[str]) -> None:
    """As the operator wants it."""
    world = rolled_back(replace(PLAIN, candidate_after_rollback=wanted))
    world.run(3.0)

    assert expected == followed(world)


def test_nothing_follows_a_rollback_that_is_not_proved() -> None:
    """Only proved is rolled back."""
    world = soaking()
    world.failing.add(SetTraffic)
    world.put(BACK)
    world.run(60.0)

    assert (Phase.ROLLBACK_FAILED, []) == (world.deployment.phase, followed(world))


def test_a_command_that_fails_is_told_and_the_others_run() -> None:
    """Each failure is one message to on-call with nothing to decide."""
    world = rolled_back(failing=(RunHook,))
    world.run(3.0)

    assert ["tell-ci", "flush", "drain", "stop"] == followed(world)
    assert {"tell-ci": False, "flush": False, "stop": False} == {n: r.ok for n, r in world.deployment.hooks.items()}
    failed = [each for each in world.shop.incidents.values() if each.reason is Reason.HOOK_FAILED]
    assert ["tell-ci: it is not there", "flush: it is not there", "stop: it is not there"] == [i.detail for i in failed]
    assert not any(incident.needs_decision or incident.resolved_at is None for incident in failed)
    assert 4 == len(world.sent)


def test_a_candidate_that_is_not_drained_in_time_is_stopped_all_the_same() -> None:
    """The time was what the operator gave it; it is not called drained."""
    world = rolled_back(failing=(DrainCandidate,))
    world.run(3.0)

    assert "stop" == followed(world)[-1]
    assert world.deployment.drained is None
    assert world.deployment.draining is not None
    assert (False, "it is not there") == (world.deployment.draining.ok, world.deployment.draining.detail)


def test_no_new_deployment_begins_before_all_of_it_has_ended() -> None:
    """It would bring up the colour that is being drained or stopped."""
    world = rolled_back()
    seen = set()
    while True:
        trying = world.copy()
        trying.put(Submit(id="s", service=SHOP, release="3.0", deployment="d2"))
        if trying.deployment.id == "d2":
            break
        assert Reason.ONE_AT_A_TIME is refused(trying)[0]
        seen.add(refused(trying)[1])
        world.run(0.04)

    assert {
        "tell-ci is running after the rollback",
        "flush is running after the rollback",
        "green is being drained after the rollback",
        "stop is running after the rollback",
    } == seen


@pytest.mark.parametrize(("hook", "again"), [("tell-ci", 1), ("flush", 2)])
def test_a_command_without_an_outcome_is_run_again_only_if_that_does_no_harm(hook: str, again: int) -> None:
    """Otherwise somebody is asked to look; the next ones run."""
    world = rolled_back(lost=hook)
    world.run(1.0)
    world.lost = lambda _: False
    world.restart()
    world.run(3.0)

    assert again == followed(world).count(hook)
    assert "stop" == followed(world)[-1]
    run = world.deployment.hooks[hook]
    assert run.ended is not None
    assert (None if again == 1 else True) is run.ok
    assert ([Reason.OUTCOME_UNKNOWN] if again == 1 else []) == [
        r for r in reasons(world) if r is Reason.OUTCOME_UNKNOWN
    ]
    if again == 1:
        assert "restarted" in run.detail


def test_a_drain_without_an_outcome_goes_on_after_a_restart() -> None:
    """Waiting twice does no harm."""
    world = soaking()
    world.lost = lambda effect: isinstance(effect, DrainCandidate)
    world.put(BACK)
    world.run(10.0)
    world.lost = lambda _: False
    world.restart()
    world.run(2.0)

    assert ["tell-ci", "flush", "drain", "drain", "stop"] == followed(world)


def test_a_crash_after_any_record_ends_in_every_command_run() -> None:
    """None is forgotten, and none that must not be is run twice by what the journal holds."""
    whole = rolled_back()
    begin = len(whole.kept)
    whole.run(3.0)
    for number in range(begin, len(whole.kept) + 1):
        world = whole.copy()
        world.restart(number)
        world.run(5.0)
        assert {"tell-ci", "flush", "stop"} == set(world.deployment.hooks), number
        assert world.deployment.drained is not None, number
        ordered = [body.hook for body in world.bodies(HookOrdered) if isinstance(body, HookOrdered)]
        assert ["tell-ci", "flush", "stop"] == ordered, number


def test_a_configuration_that_comes_later_runs_nothing() -> None:
    """What follows is what was configured when the rollback was proved."""
    world = rolled_back(replace(PLAIN, after_rollback=(), candidate_after_rollback=AfterRollback.LEAVE))
    world.run(1.0)
    assert Aftermath() == world.deployment.aftermath
    world.environment = environment(PLAIN)
    world.put(Configured(environment=world.environment))
    world.run(5.0)

    assert [] == followed(world)


def test_an_outcome_of_a_command_of_an_earlier_deployment_is_of_no_meaning() -> None:
    """Nobody waits for it any more."""
    world = rolled_back()
    (effect,) = [each for each in world.effects if isinstance(each, RunHook)]
    world.run(3.0)

    assert () == world.put(HookOutcome(effect=effect.id, ok=False))


def test_a_task_that_was_done_by_hand_is_noted() -> None:
    """With who and why; the last word about it counts."""
    world = rolled_back()
    world.put(Did(id="t", by="ada", because="migration 37", service=SHOP, task="repair"))
    world.run(1.0)
    world.put(Did(id="u", service=SHOP, task="repair"))

    assert {"repair": DoneTask(at=world.now, by="somebody")} == world.deployment.done_by_hand
    first = world.bodies(DoneByHand)[0]
    assert isinstance(first, DoneByHand)
    assert ("ada", "migration 37") == (first.by, first.because)


def test_a_task_that_nobody_prepared_is_refused() -> None:
    """The answer names those that there are."""
    world = World(environment=environment(PLAIN)).begin()
    world.put(Did(id="t", service=SHOP, task="repair"))
    assert (Reason.NO_DEPLOYMENT, "") == refused(world)
    world.submit()
    world.put(Did(id="t", service=SHOP, task="restore"))
    assert (Reason.NO_SUCH_TASK, "restore; there are repair") == refused(world)
    world = World().begin().submit()
    world.put(Did(id="t", service=SHOP, task="restore"))
    assert (Reason.NO_SUCH_TASK, "restore; there are none") == refused(world)
