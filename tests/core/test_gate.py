"""What counts for a step's gate."""

from dataclasses import replace

import pytest

from tests.core.examples import BLUE, GREEN, SERVICE, SHOP, polled
from tests.core.world import World
from watchdog.core import gate
from watchdog.core.events import Observed
from watchdog.core.model import Colour, Missing, Reading, Value
from watchdog.core.settings import Source
from watchdog.core.state import Deployment

LOGIN = replace(SERVICE, critical_routes=("login",))
STEP_AT = 11.0


def under_way(**changes: object) -> Deployment:
    """A deployment whose step was confirmed at STEP_AT."""
    world = World().begin().submit()
    world.run(5.0)
    return replace(world.deployment, step_at=STEP_AT, requests=0, route_requests={}, **changes)  # type: ignore[arg-type]


def probes(
    end: float, requests: Value, failures: Value, *, route: str = "login", colour: Colour = GREEN, length: float = 1.0
) -> Observed:
    """One slice of synthetic requests, taken in one instant and speaking of the time before it."""
    readings = tuple(
        Reading(signal=f"{signal}[{route}]", colour=colour, value=value, over=(end - length, end))
        for signal, value in (("requests", requests), ("failures", failures))
    )
    return Observed(service=SHOP, source="own", start=end, end=end, readings=readings)


def passes(*slices: Observed, before: dict[str, int] | None = None) -> dict[str, int]:
    """The passes after these slices."""
    deployment = under_way(route_passes=before or {})
    for each in slices:
        deployment = gate.passed(LOGIN, deployment, each, STEP_AT)
    return dict(deployment.route_passes)


def test_requests_of_the_candidate_are_counted_in_all_and_on_each_critical_route() -> None:
    """Other routes and other signals are no matter of the gate."""
    own: dict[str, Value] = {"requests": 7.0, "requests[login]": 2.0, "requests[labs]": 5.0, "errors[login]": 1.0}
    deployment = gate.requested(LOGIN, gate.requested(LOGIN, under_way(), own), own)

    assert (14, {"login": 4}) == (deployment.requests, deployment.route_requests)


def test_what_passed_is_counted_for_the_route_of_the_same_name() -> None:
    """Requests without a failure, of the candidate, slice by slice."""
    assert {"login": 5} == passes(probes(13.0, 4.0, 1.0), probes(14.0, 2.0, 0.0))
    assert {} == passes(probes(13.0, 4.0, 0.0, colour=BLUE))
    assert {} == passes(probes(13.0, 4.0, 0.0, route="labs"))


def test_what_began_before_the_step_does_not_count() -> None:
    """The time that the counts speak of decides, not when they are handed over."""
    assert {} == passes(probes(11.5, 4.0, 0.0))
    assert {"login": 4} == passes(probes(12.0, 4.0, 0.0))


def test_a_source_that_counts_over_the_poll_itself_is_as_good() -> None:
    """Without an interval of their own the counts are of the poll's."""
    readings = (("requests[login]", GREEN, 3.0), ("failures[login]", GREEN, 1.0))

    assert {"login": 2} == passes(polled("own", 12.5, *readings))
    assert {} == passes(polled("own", 11.5, *readings))


@pytest.mark.parametrize(
    ("requests", "failures"),
    [
        (Missing.ERROR, Missing.ERROR),
        (4.0, Missing.STALE),
        (4.0, 9.0),
        (0.0, 0.0),
        (float("inf"), 0.0),
        (-3.0, 0.0),
    ],
)
def test_what_is_not_known_to_have_passed_has_not(requests: Value, failures: Value) -> None:
    """And yet the route is known to be asked."""
    assert {"login": 7} == passes(probes(13.0, requests, failures), before={"login": 7})
    assert {"login": 0} == passes(probes(13.0, requests, failures))


def test_half_a_reading_says_nothing() -> None:
    """Without the failures nobody knows what passed; a source that has no such count does not ask the route."""
    assert {} == passes(polled("own", 13.0, ("requests[login]", GREEN, 4.0)))
    assert {} == passes(polled("own", 13.0, ("failures[login]", GREEN, 0.0)))


@pytest.mark.parametrize(("kind", "sends"), [("synthetic", True), ("access_log", False), ("health", False)])
def test_only_our_own_requests_are_probes(kind: str, *, sends: bool) -> None:
    """What users sent is counted as theirs."""
    assert sends is Source(name="s", kind=kind, interval=1.0, required=True).sends_requests
