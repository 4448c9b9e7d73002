"""Requests drawn from a seed."""

from collections import Counter

import pytest

from watchdog.core.model import Colour
from watchdog.replay.behaviour import Behaviour, Conduct, Curve, Fault
from watchdog.replay.traffic import Request, Traffic, Users


def blue(place: float, user: str, route: str) -> Colour:
    return Colour.BLUE


def drawn(users: Users, to: float) -> list[Request]:
    users.advance(to, blue)
    return users.ended(to)


def test_the_same_seed_draws_the_same_requests() -> None:
    """In one go or in slices, a seed gives the same requests; another seed others."""
    whole = drawn(Users(Traffic(), Behaviour(), "1"), 20.0)
    users = Users(Traffic(), Behaviour(), "1")
    sliced = [request for slice_ in range(1, 81) for request in drawn(users, slice_ / 4)]

    assert whole == sliced
    assert whole != drawn(Users(Traffic(), Behaviour(), "2"), 20.0)


@pytest.mark.parametrize(("rate", "low", "high"), [(40.0, 3800, 4200), (0.5, 30, 75), (0.0, 0, 0)])
def test_as_many_come_as_the_rate_says(rate: float, low: int, high: int) -> None:
    """Over 100 s the number of requests is near rate x time, also when hardly anybody comes."""
    traffic = Traffic(rate=Curve(points=((0.0, rate),)))

    assert low <= len(drawn(Users(traffic, Behaviour(), "1"), 101.0)) <= high


def test_shares() -> None:
    """Errors, slow requests and routes have the shares that were asked for."""
    traffic = Traffic(routes={"login": 0.25})
    found = drawn(Users(traffic, Behaviour(usual=Conduct(errors=0.3, slow=0.1)), "1"), 200.0)
    routes = Counter(request.route for request in found)

    assert 0.27 < sum(request.bad for request in found) / len(found) < 0.33
    assert 0.08 < sum(request.slow for request in found) / len(found) < 0.12
    assert 0.22 < routes["login"] / len(found) < 0.28


def test_a_hanging_request_is_logged_when_it_ends() -> None:
    """It is failed and slow, and nobody hears of it for a minute."""
    behaviour = Behaviour(faults=(Fault(colours=frozenset(Colour), hang=1.0),))
    users = Users(Traffic(), behaviour, "1")

    assert [] == drawn(users, 50.0)
    found = drawn(users, 70.0)
    assert found
    assert all(request.bad and request.slow and request.end - request.start == pytest.approx(60.0) for request in found)


def test_a_host_that_was_away_served_nobody() -> None:
    """What would have come, and what was under way, is gone."""
    users = Users(Traffic(), Behaviour(), "1")
    users.skip(30.0)

    assert 30.0 < min(request.start for request in drawn(users, 40.0))
