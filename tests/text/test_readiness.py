"""Level 1, who watches, the parachute and the budget in words."""

from typing import Any

import pytest

from tests.text import views
from tests.text.views import NOW, ZONE
from watchdog.text import readiness

ADA = {"since": NOW - 60, "until": NOW + 1_740, "by": "ada", "because": "load test"}


def service(**deployment: Any) -> views.Data:
    return views.service(deployment=views.deployment(**deployment))


@pytest.mark.parametrize(
    ("deployment", "around", "told"),
    [
        ({"level_1_off": "schema", "schema": "unknown", "watched_by": "dba"}, {}, "schema is unknown; dba watches"),
        ({"level_1_off": "shadow"}, {"shadow": True}, "shadow mode is on; nobody is named to watch"),
        ({"level_1_off": "stop_the_line"}, {}, "the line is stopped; nobody is named to watch"),
        (
            {"level_1_off": "disarmed", "watched_by": "ada"},
            {"disarmed": ADA},
            "disarmed by ada until 09:44:00 (08:44:00 UTC): load test; ada watches",
        ),
        (
            {"level_1_off": "writes_on_candidate", "wrote": {"at": NOW - 60, "seen": True}, "watched_by": "dba"},
            {"data": "per_colour"},
            "green accepted writes since 09:14:00 (08:14:00 UTC) that blue does not have; dba watches",
        ),
        (
            {"level_1_off": "writes_on_candidate", "wrote": {"at": NOW - 60, "seen": False}, "watched_by": "dba"},
            {"data": "per_colour"},
            "green may have accepted writes since 09:14:00 (08:14:00 UTC), when its log could not be read; dba watches",
        ),
        ({"level_1_off": "brand_new"}, {}, "brand new; nobody is named to watch"),
    ],
)
def test_level_1_off_says_why_and_who_watches(deployment: views.Data, around: views.Data, told: str) -> None:
    """Each cause has its words; whoever watches instead stands beside it."""
    off = views.service(deployment=views.deployment(level_1=False, **deployment), **around)

    assert f"level 1 is off: {told}" == readiness.level_1(off, ZONE)


def test_level_1_on() -> None:
    """Nothing more is said while nothing takes it away."""
    assert "level 1 is on" == readiness.level_1(service())
    assert ("", "") == (readiness.off(service()), readiness.off_because(service()))


def test_nothing_could_roll_back() -> None:
    """Because every rule that could is waived, or because there is none."""
    waived = service(armed=False, waived=[views.waiver(), views.waiver("health")])

    assert "level 1 is off: no rule could roll back, waived: error-rate, health" == readiness.off(waived)
    assert "level 1 is off: no rule could roll back" == readiness.level_1(service(armed=False))


def test_the_first_write_ends_level_1_where_data_is_kept_apart() -> None:
    """Said before it happens, unless the operator says that writes may be lost."""
    apart = views.service(data="per_colour")

    assert "level 1 is on until green accepts a write" == readiness.level_1(apart)
    assert "level 1 is on" == readiness.level_1({**apart, "writes_may_be_lost": True})


def test_a_budget_that_is_used_up_is_said() -> None:
    """The next rollback is a human's."""
    spent = {"rollbacks": 3, "within": 3_600.0, "left": 0, "free_at": NOW + 60}

    assert "level 1 is on, and none of 3 rollbacks within 60 min are left: the next rollback is yours" == (
        readiness.level_1(views.service(budget=spent))
    )
    assert "1 of 3 rollbacks within 60 min is left" == readiness.budget_words({**spent, "left": 1})


def test_the_age_of_the_proof_is_the_last_look_s() -> None:
    """Looks that failed take it away, whether they are three or not; without a look nothing is said."""
    looks = {"every": 10.0, "at": NOW - 4, "bad": 0, "lost": False, "detail": ""}

    assert ("brake proved 4.0 s ago", "") == (
        readiness.proved(views.service(parachute=looks), NOW),
        readiness.not_ready(views.service(parachute=looks), NOW),
    )
    failing = views.service(parachute=looks | {"bad": 2, "detail": "disk: 3 MB left"})
    assert "the last 2 looks failed (disk: 3 MB left), 4.0 s ago" == readiness.not_ready(failing, NOW)
    lost = views.service(parachute=looks | {"bad": 3, "lost": True, "detail": "disk: 3 MB left"})
    assert "disk: 3 MB left" == readiness.not_ready(lost, NOW)
    assert "" == readiness.proved(views.service(parachute=looks | {"at": None}), NOW)
