"""One broken route of six, with 5 % of the traffic: found, while the whole looks healthy."""

from collections.abc import Iterator

import pytest

from simulations.lab.nginx import NGINX
from tests.acceptance.daemon_world import View
from tests.acceptance.triggers import world as lab
from tests.acceptance.triggers.world import HEALTH, Cell, World, needs, ratio

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(120),
    needs(NGINX),
]

SHARES = {
    "login": 0.25,
    "patient-search": 0.25,
    "appointment-booking": 0.2,
    "lab-results": 0.05,
    "pharmacy-dispensing": 0.15,
    "billing-checkout": 0.1,
}
EDGE = ratio("edge")
LABS: View = ratio("edge", "errors[lab-results]", "requests[lab-results]")
CELLS = {
    "clinic": Cell(
        rules={"lab-results": LABS, "edge-errors": EDGE, "health": HEALTH},
        fault={"route": "/clinic/lab-results", "error_rate": 0.8},
        routes=SHARES,
        rate=200.0,
    )
}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with lab.world(CELLS, lambda *_: {}) as made:
        yield made


def test_one_broken_route_of_six_is_rolled_back(world: World) -> None:
    """By the rule of its own alone: the one on all requests did not fire."""
    times, fault = world.rolled_back("clinic"), world.faults["clinic"]
    until = fault + times.away
    seen = [each for each in world.records("clinic") if each.colour == "green" and fault <= each.started <= until]
    failed = sum(each.failed for each in seen)
    orders = world.watches["clinic"].of(world.deployments["clinic"], "DivertOrdered", "RollbackOrdered")

    lab.say(f"route / access-log: {times}; {failed} of {len(seen)} requests failed until then")
    assert times.proved <= lab.WITHIN_S
    assert all("lab-results" in each["rules"] for each in orders)
    assert {"/clinic/lab-results"} == {each.route for each in seen if each.failed}
