"""Following a deployment to its end."""

import io
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.text import views
from tests.text.views import NOW
from watchdog.deploy.follow import follow, line_of


class FollowClient:
    """Plays views; the last entry may be an exception."""

    def __init__(self, *played: views.Data | BaseException, records: list[dict[str, Any]] | None = None) -> None:
        self.played = played
        self.history = records or []

    def events(self, *, after: int | None = None, sleep: Callable[[float], object] = print) -> Iterable[dict[str, Any]]:
        for seq, view in enumerate(self.played):
            if isinstance(view, BaseException):
                raise view
            yield {"seq": seq, "type": "view", "view": view}

    def records(self, **_asked: Any) -> list[dict[str, Any]]:
        return self.history


def at(**different: Any) -> views.Data:
    return views.view(views.service(deployment=views.deployment(**different)))


def followed(*played: views.Data | BaseException, records: list[dict[str, Any]] | None = None) -> tuple[int, list[str]]:
    out = io.StringIO()
    status = follow(FollowClient(*played, records=records), "osun-his", "osun-his-1", out)
    return status, out.getvalue().splitlines()


def test_a_promotion_ends_well() -> None:
    """One line per change, then the end in words, and 0; a soak that counts up is no change."""
    promoted = views.deployment(phase="promoted", step=2)
    status, lines = followed(
        at(soaked=400.0),
        at(soaked=401.0),
        views.view(views.service(deployment=promoted, exposure=views.service()["exposure"] | {"weight": 1.0})),
    )

    assert 0 == status
    assert [
        "osun-his 4.2.0: soaking at 50 %, healthy",
        "osun-his 4.2.0: promoted at 100 %",
        "osun-his 4.2.0 is promoted: green is stable from here on.",
        "blue is kept ready for 24 h; back with: rollback-watchdog rollback osun-his",
    ] == lines


def test_what_is_found_at_the_measured_traffic_is_told_once() -> None:
    """As soon as the traffic is known, and not again when the estimate changes."""
    promoted = views.view(views.service(deployment=views.deployment(phase="promoted", step=2)))
    found = [{"share": 0.5, "typical": 15.0, "worst": 24.0, "rule": "error-rate"}]
    outlook = {"rate": 3.0, "findings": found, "within": 30.0, "aim": 0.2, "in_time": True, "needed": None}
    _, lines = followed(at(), at(outlook=outlook), at(outlook=outlook | {"rate": 4.0}), promoted)

    assert ["  at 3 requests/s on green: 50 % broken is found in ~15 s."] == [
        line for line in lines if "requests/s" in line
    ]


def test_a_rollback_ends_with_its_reason() -> None:
    """1, and why in the first sentence."""
    status, lines = followed(
        views.view(views.service(deployment=views.rolled_back(), rules=[views.fired()], known_bad=["4.2.0"]))
    )

    assert 1 == status
    assert "osun-his 4.2.0 was rolled back: 82 % of requests on green fail." in lines


def test_an_abort_ends_with_what_did_not_hold() -> None:
    """1, and the checks that failed."""
    checks = [{"name": "disk", "ok": False, "detail": "3 MB free"}]
    status, lines = followed(at(phase="aborted", checks=checks))

    assert (1, "  disk: 3 MB free") == (status, lines[-1])


def test_a_failed_rollback_is_not_the_end() -> None:
    """It is tried again, so the driver goes on looking until it is proved."""
    status, lines = followed(at(phase="rollback_failed"), views.view(views.service(deployment=views.rolled_back())))

    assert 1 == status
    assert any("was rolled back" in line for line in lines)


def test_ctrl_c_detaches() -> None:
    """130, one sentence that the daemon goes on, and how to look on again."""
    status, lines = followed(at(), KeyboardInterrupt())

    assert 130 == status
    assert (
        "Detached; the daemon goes on with osun-his. To look on: rollback-deploy follow --service osun-his" == lines[-1]
    )


@pytest.mark.parametrize(("phase", "status", "told"), [("promoted", 0, "promoted"), ("rolled_back", 1, "rolled back")])
def test_an_end_that_was_missed(phase: str, status: int, told: str) -> None:
    """Another deployment has begun meanwhile: how ours ended is in the journal."""
    records = [
        {"type": "DeploymentBegun", "body": {"deployment": "osun-his-1"}},
        {"type": "PhaseChanged", "body": {"to": "soaking"}},
        {"type": "PhaseChanged", "body": {"to": phase}},
        {"type": "DeploymentBegun", "body": {"deployment": "osun-his-2"}},
        {"type": "PhaseChanged", "body": {"to": "preparing"}},
    ]

    ended, lines = followed(at(id="osun-his-2"), records=records)

    assert status == ended
    assert f"this deployment ended {told}, and is not the last one" in lines[-1]


def test_an_end_that_nobody_knows() -> None:
    """A journal that has forgotten it is told as such, and is no success."""
    status, lines = followed(views.view(views.service(deployment=None)))

    assert 1 == status
    assert "is not known any more" in lines[-1]


def test_a_service_that_is_gone() -> None:
    """A reload may take the service away."""
    status, lines = followed(views.view(views.service(name="other")))

    assert (1, ["osun-his is not in the daemon's configuration any more."]) == (status, lines)


@pytest.mark.parametrize(
    ("deployment", "end"),
    [
        (views.deployment(), "soaking 6:40 of 15:00, then 100 %  healthy"),
        (views.deployment(holds=[views.hold("human", "human", "lunch")]), "held: paused: lunch"),
        (views.blocked("schema", "unknown"), "ROLLBACK BLOCKED: schema is unknown"),
        (
            views.deployment(divert={"number": 1, "cut": True, "until": None, "trial_until": None}),
            "green is cut off on suspicion until a human resumes",
        ),
        (views.deployment(phase="rolling_back"), "50 %  rolling back"),
    ],
)
def test_the_line_says_what_matters_most(deployment: views.Data, end: str) -> None:
    """A block outranks a divert, a divert a hold, a hold the verdict."""
    line = line_of(views.service(deployment=deployment), deployment)

    assert line.text.startswith("osun-his 4.2.0  blue #######------- green  50 %  ")
    assert line.text.endswith(end)
    assert str(NOW) not in line.text


def test_on_a_phone_the_line_is_two() -> None:
    """Cut off at the edge it would lose what matters most: the phase, and what stands in the way."""
    deployment = views.deployment(holds=[views.hold("human", "human", "lunch")])
    line = line_of(views.service(deployment=deployment), deployment)

    assert [
        "osun-his 4.2.0  blue #######------- green  50 %",
        "  soaking 6:40 of 15:00, then 100 %  held: paused: lunch",
    ] == line.fitting(60)
    assert [line.text] == line.fitting(120)


OFF = {"level_1": False, "level_1_off": "schema", "schema": "unknown", "watched_by": "dba"}


@pytest.mark.parametrize(
    ("deployment", "service", "end"),
    [
        (OFF, {}, "healthy; level 1 is off: schema is unknown; dba watches"),
        (
            OFF | {"holds": [views.hold("human", "human", "lunch")]},
            {},
            "held: paused: lunch; level 1 is off: schema is unknown; dba watches",
        ),
        (
            {"level_1_off": "disarmed"},
            {"disarmed": {"since": NOW, "until": NOW + 60, "by": "ada", "because": "load test"}},
            "UTC: load test; nobody is named to watch",
        ),
        (
            {"held_at": 0.1, "routes_cut": ["login"]},
            {},
            "green is held at 10 % instead of 50 %; users of login stay on blue",
        ),
        (
            {},
            {"parachute": {"every": 10.0, "at": NOW, "bad": 3, "lost": True, "detail": "disk: 3 MB left"}},
            "healthy; rollback is not ready: disk: 3 MB left",
        ),
        ({}, {"maintenance": True}, "the maintenance page is on"),
    ],
)
def test_whoever_follows_reads_what_would_keep_a_rollback_away(
    deployment: views.Data, service: views.Data, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On every line, with who watches; beside a hold as well."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    known = views.service(deployment=views.deployment(**deployment), **service)

    assert line_of(known, known["deployment"]).text.endswith(end)
