"""What the view shows to be refused, in the words of the refusal that would follow."""

from typing import Any

import pytest

from tests.text import views
from watchdog.cli import changes, foreseen

ROUTES = {"cuts_routes": True, "routes": ["login", "search"]}


def service(**different: Any) -> views.Data:
    return views.service(deployment=views.deployment(**different), **ROUTES)


@pytest.mark.parametrize(
    ("shown", "route", "end", "said"),
    [
        (views.service(), "login", False, "not supported (this router cannot keep single routes from a colour)"),
        (service(phase="verifying"), "login", False, "not possible while the deployment is verifying"),
        (service(), "billing", False, "the balancer's map names no route billing; there are login, search."),
        (views.service(cuts_routes=True), "billing", False, "names no route billing; there are none."),
        (service(routes_cut=["login"]), "login", False, "nothing to change: login is kept from green."),
        (service(), "login", True, "nothing to change: login is not kept from green."),
        (service(), "login", False, ""),
        (service(routes_cut=["login"]), "login", True, ""),
        (service(routes_cut=["gone"]), "gone", True, ""),
        (views.service(deployment=views.deployment(routes_cut=["login"])), "login", True, ""),
    ],
)
def test_divert(*, shown: views.Data, route: str, end: bool, said: str) -> None:
    """A router without routes, a route that is none, a route that is there already; letting one go always may be."""
    assert said in foreseen.divert(shown, route, end=end)
    assert bool(said) is bool(foreseen.divert(shown, route, end=end))


def test_a_route_is_let_go_again_only_where_the_journal_is_right() -> None:
    """Towards the candidate nothing moves while the router and the journal disagree."""
    cut = views.deployment(routes_cut=["login"])
    drifted = views.service(deployment=cut, adopted=False, drift="blue 90 %", **ROUTES)

    assert "do not agree (blue 90 %)" in foreseen.divert(drifted, "login", end=True)


@pytest.mark.parametrize(
    ("different", "share", "said"),
    [
        ({"phase": "shifting"}, 0.1, "not possible while the deployment is shifting"),
        ({}, 0.5, "hold takes a share below the step's own (50 % is not below the step's 50 %)"),
        ({}, 1.0, "(100 % is not below the step's 50 %)"),
        ({"held_at": 0.1}, 0.1, "nothing to change: held at 10 %."),
        ({"held_at": 0.1}, 0.2, ""),
        ({}, 0.1, ""),
        ({"phase": "baking", "step": 2}, 0.5, ""),
    ],
)
def test_hold(different: Any, share: float, said: str) -> None:
    """Below the step's share, another one than now, and while a step is in force."""
    assert said in foreseen.hold(service(**different), share)
    assert bool(said) is bool(foreseen.hold(service(**different), share))


def test_arming() -> None:
    """Only what is disarmed can be armed."""
    ada = {"since": views.NOW, "until": views.NOW + 60, "by": "ada", "because": "load test"}

    assert "nothing to change: osun-his is armed." in foreseen.arming(views.service())
    assert "" == foreseen.arming(views.service(disarmed=ada))


def test_did() -> None:
    """Tasks have names; without any that is said."""
    known = service(tasks=[views.task()])

    assert "there is no task repair; there are flyway-repair." in foreseen.did(known, "repair")
    assert "there is no task repair; there are none." in foreseen.did(service(), "repair")
    assert "osun-his has no deployment under way." in foreseen.did(views.service(deployment=None), "repair")
    assert "" == foreseen.did(known, "flyway-repair")


def test_forgiving_and_adopting() -> None:
    """What is not known bad, and a router that the journal agrees with."""
    assert "nothing to change: 4.2.0 is not known bad." in foreseen.forgive(views.service(), "4.2.0")
    assert "" == foreseen.forgive(views.service(known_bad=["4.2.0"]), "4.2.0")
    assert "nothing to change: the router and the journal agree." in foreseen.adopt(views.service(deployment=None))
    assert "" == foreseen.adopt(views.service(deployment=None, adopted=False, drift="blue 90 %"))
    under_way = foreseen.adopt(views.service(adopted=False, drift="blue 90 %"))
    assert "another deployment is under way (4.2.0 is soaking)" in under_way


@pytest.mark.parametrize(
    "said",
    [
        changes.divert(service(), "billing", end=False),
        changes.hold(service(), 0.5),
        changes.disarm(service(), 0.0),
        changes.did(service(), "repair", "ada"),
        changes.forgive(service(), "4.2.0"),
        changes.adopt(views.service(deployment=None)),
    ],
)
def test_what_is_refused_is_not_promised(said: str) -> None:
    """The sentence before the question has no before and after then."""
    assert said.startswith("osun-his: this would be refused: ")
    assert "->" not in said
