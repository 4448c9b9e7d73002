"""A deployment in words; and the views that the tests make by hand are as the real ones."""

from typing import Any

import pytest

from tests.core.world import World
from tests.text import views
from watchdog.control import view
from watchdog.control.view import Moment
from watchdog.text import deployment as words


def keys_of(data: Any, *, below: tuple[str, ...] = ()) -> set[str]:
    return set(data) if not below else keys_of(data[below[0]], below=below[1:])


def test_the_views_made_by_hand_have_the_real_keys() -> None:
    """A key that the daemon's view does not have, or has under another name, cannot be tested against."""
    world = World().begin().submit()
    world.run(25.0)
    whole = view.whole(world.state, Moment(now=world.now, to_wall=float))
    real, made = whole["services"]["shop"], views.service()

    assert set(whole) == set(views.view()) - {"host", "started", "state_folder", "config"}
    assert set(real) == set(made)
    assert set(real["deployment"]) == set(made["deployment"])
    assert set(real["exposure"]) == set(made["exposure"])
    assert set(real["sources"][0]) == set(made["sources"][0])
    assert {frozenset(each) for each in real["rules"]} == {frozenset(views.ratio()), frozenset(views.probe())}


def test_the_rollbacks_made_by_hand_have_the_real_keys() -> None:
    """The same for what is there only after a rollback."""
    world = World().begin().submit()
    world.run(15.0)
    world.share_bad[world.deployment.candidate] = 0.9
    assert world.run(60.0, until=lambda each: each.deployment.ended)
    real = view.whole(world.state, Moment(now=world.now, to_wall=float))["services"]["shop"]

    assert set(real["deployment"]["rollback"]) == set(views.rollback())
    assert {frozenset(each) for each in real["incidents"]} == {frozenset(views.incident("schema"))}


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0.0, "blue ############## green"),
        (0.001, "blue #############- green"),
        (0.5, "blue #######------- green"),
        (0.999, "blue #------------- green"),
        (1.0, "blue -------------- green"),
    ],
)
def test_bar(share: float, told: str) -> None:
    """Stable's part is filled; a small share is still seen, and so is a small rest."""
    assert told == words.bar("blue", "green", share)


@pytest.mark.parametrize(
    ("different", "told"),
    [
        ({}, "soaking 6:40 of 15:00, then 100 %"),
        ({"phase": "waiting"}, "waiting 6:40 of 15:00, then 100 %"),
        ({"phase": "baking", "step": 2, "soak_wanted": 1_800.0}, "baking 6:40 of 30:00, then promoted"),
        ({"phase": "shifting"}, "shifting to 50 %"),
        ({"phase": "rolling_back"}, "rolling back"),
        ({"phase": "preparing"}, "preparing"),
    ],
)
def test_phase(different: dict[str, Any], told: str) -> None:
    """A phase that soaks counts, and says what comes next."""
    assert told == words.phase(views.deployment(**different))


def test_exposure_tells_share_and_cost() -> None:
    """How many users, how many requests, how many errors; errors only when there are some."""
    suffering = views.service()
    suffering["exposure"] |= {"failures_per_second": 4.2}

    assert "50 % of users are on green (12 requests/s)" == words.exposure(views.service(), "green")
    assert "50 % of users are on green (12 requests/s, about 4.2 errors/s)" == words.exposure(suffering, "green")
    suffering["exposure"]["weight"] = 0.0
    assert "no new request goes to green" == words.exposure(suffering, "green")


def test_a_divert_says_until_when() -> None:
    """Cut off, on trial, or until somebody decides."""
    cut = {"number": 1, "cut": True, "until": views.NOW, "trial_until": None}

    assert "green is cut off on suspicion until 09:15:00" == words.suspended(views.deployment(divert=cut), views.ZONE)
    assert "green is cut off on suspicion until a human resumes" == words.suspended(
        views.deployment(divert={**cut, "until": None}), views.ZONE
    )
    assert "green is on trial until 09:15:00" == words.suspended(
        views.deployment(divert={**cut, "trial_until": views.NOW}), views.ZONE
    )
    assert "" == words.suspended(views.deployment())


def test_the_end_of_a_rollback() -> None:
    """Why, since when, and what the release needs to come again."""
    ended = views.rolled_back()
    service = views.service(deployment=ended, rules=[views.fired()], known_bad=["4.2.0"])

    assert [
        "osun-his 4.2.0 was rolled back: 82 % of requests on green fail.",
        "All traffic is on blue since 09:14:56 (08:14:56 UTC), proved. rollback-watchdog explain osun-his",
        '4.2.0 will not be accepted again until: rollback-watchdog forgive 4.2.0 --because "..."',
    ] == words.ending(service, ended, zone=views.ZONE)


def test_the_end_of_a_rollback_by_hand() -> None:
    """A human's rollback names the human; the release may come again."""
    ended = views.rolled_back(rollback=views.rollback(by="ops", rules=[]))

    assert "osun-his 4.2.0 was rolled back: ordered by ops." == words.ending(views.service(), ended)[0]
    assert 2 == len(words.ending(views.service(), ended))


def test_the_end_of_a_promotion() -> None:
    """Who is stable, how long the other is kept, and the way back."""
    assert [
        "osun-his 4.2.0 is promoted: green is stable from here on.",
        "blue is kept ready for 24 h; back with: rollback-watchdog rollback osun-his",
    ] == words.ending(views.service(), views.deployment(phase="promoted"))


def test_the_end_of_a_preparation_that_failed() -> None:
    """The checks that did not hold are listed, the others are not."""
    checks = [
        {"name": "stable answers", "ok": True, "detail": ""},
        {"name": "disk", "ok": False, "detail": "3 MB free"},
        {"name": "reload", "ok": False, "detail": ""},
    ]

    assert [
        "osun-his 4.2.0 was aborted before any user was moved.",
        "  disk: 3 MB free",
        "  reload: did not hold",
    ] == words.ending(views.service(), views.deployment(phase="aborted", checks=checks))


def test_waivers_say_who_until_when_and_why() -> None:
    """One or several."""
    deployment = views.deployment(waived=[views.waiver(), views.waiver("cpu", because="a slow host")])

    assert "is waived by ada until 09:44:00 (08:44:00 UTC): a known bug" == words.waiver(
        deployment, "error-rate", views.ZONE
    )
    assert "" == words.waiver(deployment, "health")
    both = words.waivers(deployment, views.ZONE)
    assert both.endswith("; cpu is waived by ada until 09:44:00 (08:44:00 UTC): a slow host")
    assert "" == words.waivers(views.deployment())


@pytest.mark.parametrize(
    ("ask", "times", "told"),
    [
        ("rollback", 1, "p95 (observe): would have asked to roll back at 09:14:00"),
        ("freeze", 3, "p95 (observe): would have asked to freeze at 09:14:00 (3 times, last at 09:15:00)"),
        ("escalate", 1, "p95 (observe): would have called a human at 09:14:00"),
    ],
)
def test_what_an_observing_rule_would_have_done(ask: str, times: int, told: str) -> None:
    """When for the first time, and how often."""
    asked = {"rule": "p95", "ask": ask, "first": views.NOW - 60, "last": views.NOW, "times": times}

    assert [told] == words.would_have(views.deployment(would_have=[asked]), views.ZONE)


def test_what_a_human_keeps_from_the_candidate() -> None:
    """A smaller share than the step's, and single routes."""
    held = views.deployment(held_at=0.1, routes_cut=["lab-results", "login"])

    assert "green is held at 10 % instead of 50 %" == words.held_at(held)
    assert "users of lab-results, login stay on blue" == words.routes_cut(held)
    assert ("", "") == (words.held_at(views.deployment()), words.routes_cut(views.deployment()))


def test_a_block_by_writes_says_since_when() -> None:
    """The time of the first write is in the deployment, not in the interlock's words."""
    blocked = views.blocked("writes_on_candidate", "", wrote={"at": views.NOW - 60, "seen": True})

    assert words.block(blocked).startswith("green accepted writes since ")
    assert words.block(blocked).endswith(" that blue does not have")
