"""Folding looks at the parachute, rehearsals and cut routes."""

from dataclasses import replace

from tests.core.examples import READY, SHOP, configured, environment, shop
from tests.core.world import World
from watchdog.core import evolve_ready
from watchdog.core.effects import CutRoute, RunRehearsal
from watchdog.core.events import BrakeOutcome, RecheckedOutcome, RehearsedOutcome
from watchdog.core.model import Colour
from watchdog.core.phases import Phase
from watchdog.core.records import ParachuteLost, ParachuteRegained, RehearsalOrdered
from watchdog.core.state import Parachute, State

CUT = CutRoute(id="x", service=SHOP, epoch=1, colour=Colour.GREEN, route="lab", cut=True)


def test_good_and_bad_looks_are_counted_in_a_row() -> None:
    """One of the other kind begins anew."""
    service = shop(configured())
    seen = []
    for number, ok in enumerate((True, True, False, False, True)):
        body = RecheckedOutcome(effect="r", ok=ok, detail="no brake")
        service = evolve_ready.rechecked(State(), service, body, float(number))
        seen.append((service.parachute.good, service.parachute.bad, service.parachute.detail))

    assert [(1, 0, ""), (2, 0, ""), (0, 1, "no brake"), (0, 2, "no brake"), (1, 0, "")] == seen
    assert 4.0 == service.parachute.at


def test_lost_and_regained_begin_the_other_count_anew() -> None:
    """Three of the other kind are needed."""
    service = replace(shop(configured()), parachute=Parachute(good=1, bad=3))
    service = evolve_ready.parachute_lost(State(), service, ParachuteLost(service=SHOP, detail="no brake"), 5.0)
    assert (True, 0, "no brake") == (service.parachute.lost, service.parachute.good, service.parachute.detail)

    service = evolve_ready.parachute_regained(State(), service, ParachuteRegained(service=SHOP), 6.0)
    assert (False, 0, "") == (service.parachute.lost, service.parachute.bad, service.parachute.detail)


def test_the_answer_to_an_earlier_rehearsal_is_not_the_last_ones() -> None:
    """Nor is its end."""
    service = shop(configured())
    assert service == evolve_ready.rehearsed(State(), service, RehearsedOutcome(effect="a", ok=True), 1.0)
    order = RunRehearsal(id="b", service=SHOP, splits=(), drill=False)
    body = RehearsalOrdered(service=SHOP, drill=False, by="ada", order=order)
    service = evolve_ready.rehearsal_ordered(State(), service, body, 2.0)
    before = service.rehearsal

    assert before is evolve_ready.rehearsed(State(), service, RehearsedOutcome(effect="a", ok=True), 3.0).rehearsal
    assert before is evolve_ready.rehearsal_given_up(service, "a", 3.0).rehearsal
    assert 3.0 == getattr(evolve_ready.rehearsal_given_up(service, "b", 3.0).rehearsal, "ended", None)


def test_a_route_is_not_cut_by_a_failure_or_after_the_end() -> None:
    """What the router did then is cleared by its next preparation."""
    world = World(environment=environment(READY)).begin()
    assert None is evolve_ready.route_moved(world.shop, CUT, BrakeOutcome(effect="x", ok=True)).deployment
    world.submit()
    world.run(14.0)
    service = world.shop
    for changed, ok, expected in (
        (world.deployment, True, {"lab"}),
        (world.deployment, False, set()),
        (replace(world.deployment, phase=Phase.ROLLED_BACK), True, set()),
    ):
        moved = evolve_ready.route_moved(replace(service, deployment=changed), CUT, BrakeOutcome(effect="x", ok=ok))
        assert moved.deployment is not None
        assert expected == set(moved.deployment.routes_cut)
