"""What an outcome leads to at once."""

from dataclasses import replace

from tests.core.examples import READY, SHOP, environment
from tests.core.world import World
from watchdog.core import outcomes
from watchdog.core.draft import Draft
from watchdog.core.effects import CutRoute, Notify
from watchdog.core.events import BrakeOutcome, HookOutcome, NotifiedOutcome
from watchdog.core.model import Colour

CUT = CutRoute(id="x", service=SHOP, epoch=1, colour=Colour.GREEN, route="lab", cut=True)


def draft_of(world: World) -> Draft:
    return Draft(state=world.state, now=world.now)


def soaking() -> World:
    world = World(environment=environment(replace(READY, divert=False))).begin().submit()
    world.run(14.0)
    return world


def test_a_message_leads_to_nothing_and_a_cut_route_that_worked_neither() -> None:
    """What they say stands in the state."""
    draft = draft_of(soaking())
    told = Notify(id="n", service=SHOP, incident="i", audience="on_call", contacts=(), repetition=0)  # type: ignore[arg-type]  # not looked at
    outcomes.follow(draft, SHOP, told, NotifiedOutcome(effect="n", ok=False))
    outcomes.follow(draft, SHOP, CUT, BrakeOutcome(effect="x", ok=True))
    outcomes.follow(draft, SHOP, CUT, HookOutcome(effect="x", ok=False))

    assert [] == draft.records


def test_a_cut_route_is_no_divert() -> None:
    """Its failure says nothing of the brake."""
    draft = draft_of(soaking())
    outcomes.follow(draft, SHOP, CUT, BrakeOutcome(effect="x", ok=False, detail="full"))

    assert ["HoldSet"] == [type(record.body).__name__ for record in draft.records]


def test_a_cut_route_of_a_service_without_a_watched_deployment_is_of_no_meaning() -> None:
    """There is nothing to hold."""
    draft = draft_of(World(environment=environment(READY)).begin())
    outcomes.follow(draft, SHOP, CUT, BrakeOutcome(effect="x", ok=False))

    assert [] == draft.records
