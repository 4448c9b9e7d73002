"""Folding what follows a proved rollback."""

from dataclasses import replace

from tests.core.examples import READY, SHOP, environment
from tests.core.world import World
from watchdog.core import evolve_aftermath, evolve_deployment
from watchdog.core.effects import DrainCandidate, RunHook
from watchdog.core.events import DrainedOutcome, HookOutcome
from watchdog.core.model import Colour
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import DrainOrdered, HookOrdered, PhaseChanged
from watchdog.core.state import Aftermath, HookRun, ServiceState, State

HOOK = RunHook(id="h", service=SHOP, hook="flush", idempotent=True)
DRAIN = DrainCandidate(id="d", service=SHOP, colour=Colour.GREEN, within=5.0)


def some() -> ServiceState:
    world = World(environment=environment(READY)).begin().submit()
    world.run(1.0)
    return world.shop


def test_a_command_is_remembered_from_its_order_to_its_end() -> None:
    """With when and how."""
    service = evolve_aftermath.hook_ordered(State(), some(), HookOrdered(service=SHOP, hook="flush", order=HOOK), 5.0)
    assert service.deployment is not None
    assert ({"flush": HookRun(ordered=5.0)}, True) == (service.deployment.hooks, "h" in service.waiting)

    service = evolve_aftermath.hook_ended(State(), service, HookOutcome(effect="h", ok=False, detail="status 3"), 7.0)
    assert service.deployment is not None
    assert {"flush": HookRun(ordered=5.0, ended=7.0, ok=False, detail="status 3")} == service.deployment.hooks
    assert "h" not in service.waiting


def test_the_end_of_a_command_that_nobody_ordered_is_of_no_meaning() -> None:
    """A deployment that is gone, or one that knows nothing of it."""
    service = replace(some(), waiting={"h": HOOK})
    gone = replace(service, deployment=None)
    ended = HookOutcome(effect="h", ok=True)

    assert {} == evolve_aftermath.hook_ended(State(), service, ended, 7.0).waiting
    assert None is evolve_aftermath.hook_ended(State(), gone, ended, 7.0).deployment
    assert service is evolve_aftermath.hook_given_up(service, HOOK, 7.0)
    assert gone is evolve_aftermath.hook_given_up(gone, HOOK, 7.0)


def test_a_drain_is_remembered_and_called_drained_only_when_nothing_is_open() -> None:
    """The end of one that nobody ordered is of no meaning."""
    service = some()
    assert (
        service.deployment
        == evolve_aftermath.drained(State(), service, DrainedOutcome(effect="d", ok=True), 1.0).deployment
    )
    service = evolve_aftermath.drain_ordered(State(), service, DrainOrdered(service=SHOP, order=DRAIN), 5.0)
    for ok, expected in ((True, 9.0), (False, None)):
        done = evolve_aftermath.drained(State(), service, DrainedOutcome(effect="d", ok=ok), 9.0).deployment
        assert done is not None
        assert (expected, HookRun(ordered=5.0, ended=9.0, ok=ok)) == (done.drained, done.draining)


def test_what_follows_a_rollback_is_fixed_when_it_is_proved() -> None:
    """A service that the configuration no longer has asks for nothing."""
    service = some()
    assert service.deployment is not None
    service = replace(service, deployment=replace(service.deployment, phase=Phase.VERIFYING))
    proved = PhaseChanged(service=SHOP, to=Phase.ROLLED_BACK, reason=Reason.PROVED_BY_TRAFFIC)

    def follows(state: State) -> Aftermath | None:
        done = evolve_deployment.phase_changed(state, service, proved, 9.0).deployment
        return done.aftermath if done is not None else None

    assert Aftermath() == follows(State())
    expected = Aftermath(hooks=READY.after_rollback, drain=30.0, stop=READY.stop_candidate)
    assert expected == follows(State(environment=environment(READY)))
