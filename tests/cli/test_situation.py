"""What stands around a service in `status`."""

from typing import Any

import pytest

from tests.text import views
from tests.text.views import NOW, ZONE
from watchdog.cli import situation

DIVERT = "rollback-watchdog divert osun-his"
ADA = {"since": NOW - 60, "until": NOW + 1_740, "by": "ada", "because": "load test"}


def around(deployment: views.Data | None = None, **service: Any) -> list[str]:
    known = views.service(deployment=deployment or views.deployment(), **service)
    return list(situation.in_the_way(known, known["deployment"], ZONE))


def ready(**service: Any) -> str:
    known = views.service(**service)
    return situation.ready(views.view(known), known, ZONE)


def test_nothing_is_in_the_way() -> None:
    """No line where nothing is to be said."""
    assert [] == around()


@pytest.mark.parametrize(
    ("service", "told"),
    [
        ({"shadow": True}, "shadow mode is on: what would be done is told, nothing is done by itself"),
        (
            {"disarmed": ADA},
            "disarmed by ada until 09:44:00 (08:44:00 UTC): load test. To end that: rollback-watchdog disarm osun-his",
        ),
        ({"maintenance": True}, "the maintenance page is on: no user reaches either colour, rules judge nothing"),
        (
            {"budget": {"rollbacks": 3, "within": 3_600.0, "left": 1, "free_at": None}},
            "1 of 3 rollbacks within 60 min is left",
        ),
        (
            {"budget": {"rollbacks": 3, "within": 3_600.0, "left": 0, "free_at": NOW + 60}},
            "none of 3 rollbacks within 60 min are left; the next is free at 09:16:00",
        ),
    ],
)
def test_what_is_switched_off_is_said_with_and_without_a_deployment(service: views.Data, told: str) -> None:
    """Each with its end, as far as a command ends it."""
    assert around(**service)[0].startswith(told)
    assert next(situation.switched_off(views.service(deployment=None, **service), ZONE)).startswith(told)


def test_users_that_a_human_keeps_from_the_candidate() -> None:
    """A smaller share and single routes, each with its way back; a hold that says so already is enough."""
    held = views.deployment(held_at=0.1, routes_cut=["lab", "login"])

    assert [
        "green is held at 10 % instead of 50 %. rollback-watchdog resume osun-his",
        f"users of lab, login stay on blue. {DIVERT} lab --end; {DIVERT} login --end",
    ] == around(held)
    by_hold = views.deployment(held_at=0.1, holds=[views.hold("human", "held_at", "10 %: lunch")])
    assert ["held: kept at 10 %: lunch. rollback-watchdog resume osun-his"] == around(by_hold)


def test_a_block_that_only_stops_the_program_needs_no_anyway() -> None:
    """A human's plain order passes it."""
    told = around(views.blocked("budget", "3 of 3"))

    assert told[0].startswith("rollback is blocked: the budget for rollbacks is used up (3 of 3). 50 % of users are on")
    assert "  rollback-watchdog rollback osun-his" == told[1]


def test_a_block_tells_what_no_user_saw() -> None:
    """Failures that stable answered in the candidate's place are no reason for haste."""
    users = {"failed": 12, "shielded": 12, "saw": 0}
    told = around(views.blocked("budget", "3 of 3", users=users))

    assert "  12 requests failed on green; 12 were answered by blue instead, no user saw one." == told[1]


def test_what_a_rollback_left() -> None:
    """Users, what is open, hooks with their results, tasks with the command to copy until somebody did them."""
    done = views.task("restore", done={"at": NOW, "by": "ada", "because": ""})
    rollback = views.rollback(open=2)
    deployment = views.rolled_back(
        users={"failed": 36, "shielded": 30, "saw": 6},
        hooks=[views.hook(), views.hook("tell-ci", ok=False, detail="exit status 1")],
        tasks=[views.task(), done],
        rollback=rollback,
        drained=NOW,
    )

    assert [
        "36 requests failed on green; 30 were answered by blue instead, 6 were seen by users.",
        "2 connections to green (websockets, streams, long polls) were open at the switch and have ended since.",
        "green is drained since 09:15:00",
        "hook flush-cache done at 09:14:59",
        "hook tell-ci failed at 09:14:59: exit status 1",
        "flyway-repair waits for your hands: flyway -configFiles=/etc/flyway.conf repair",
        "  then: rollback-watchdog did osun-his flyway-repair",
        "restore was done by ada at 09:15:00",
    ] == list(situation.left_over(views.service(deployment=deployment), ZONE))
    assert [] == list(situation.left_over(views.service(), ZONE))


def test_a_lost_parachute_is_no_readiness() -> None:
    """Whatever stable answers; nor are looks that failed while it is not lost yet."""
    looks = {"every": 10.0, "at": NOW - 4, "bad": 3, "lost": True, "detail": "disk: 3 MB left"}

    assert ready(parachute=looks).startswith("rollback is not ready: disk: 3 MB left.  level 1 is on.")
    assert ready(parachute=looks | {"lost": False, "bad": 1}).startswith(
        "rollback is not ready: the last look failed (disk: 3 MB left), 4.0 s ago."
    )


def test_before_the_first_look_the_preparation_s_proof_counts() -> None:
    """It is as old as the deployment."""
    none = {"every": 10.0, "at": None, "bad": 0, "lost": False, "detail": ""}

    assert ready(parachute=none).startswith("rollback is ready: blue answered 3.0 s ago, brake proved 25 min ago.")


def test_after_a_promotion_the_way_back_is_told_as_long_as_it_is_kept() -> None:
    """With its end and the age of its proof; not ready says why."""
    promoted = views.deployment(phase="promoted", ended=NOW - 3_600)
    looks = {"every": 10.0, "at": NOW - 4, "bad": 3, "lost": True, "detail": "reload failed"}
    kept = "blue is kept for a rollback until 2027-01-16 08:15:00 (07:15:00 UTC)"

    assert f"{kept} (brake proved 3.0 s ago).  nobody is paged." == ready(deployment=promoted)
    assert ready(deployment=promoted, parachute=looks).startswith(f"{kept} (not ready: reload failed).")
    assert "nobody is paged." == ready(deployment=promoted, keep_stable=3_600.0)


def test_everybody_who_was_told_is_named_and_who_is_next() -> None:
    """On-call again needs no name; another level does."""
    lead = {"level": 3, "contacts": ["lead"], "after": 300.0, "told": None}
    first = views.incident("schema", next=NOW + 60, next_to=["lead"], levels=[lead])
    second = views.incident("schema", next=NOW + 60, levels=[lead | {"told": NOW}])

    assert ready(incidents=[first]).endswith("on-call is paged (schema), next lead at 09:16:00.")
    assert ready(incidents=[second]).endswith("on-call, lead are paged (schema), next at 09:16:00.")
