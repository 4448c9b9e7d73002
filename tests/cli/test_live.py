"""`check --live` on the screen and for programs."""

from watchdog.cli import live
from watchdog.daemon.live import Asked
from watchdog.sources.base import Finding

FOUND = (
    Asked(service="", source="access log", findings=(Finding(ok=None, what="no daemon runs here"),)),
    Asked(
        service="shop",
        source="db",
        findings=(
            Finding(ok=True, what="connects to blue"),
            Finding(ok=False, what="states are hidden", remedy="grant pg_monitor to watchdog"),
        ),
    ),
)


def test_each_finding_has_a_line() -> None:
    """With its source and its remedy, by service, and the sums at the end."""
    assert [
        "this machine",
        "  warning  access log  no daemon runs here",
        "shop",
        "  ok       db          connects to blue",
        "  wrong    db          states are hidden; grant pg_monitor to watchdog",
        "3 answers: 1 wrong, 1 warning.",
    ] == list(live.screen(FOUND))


def test_programs_get_the_same() -> None:
    """Every finding, flat."""
    assert {
        "service": "shop",
        "source": "db",
        "is": "wrong",
        "what": "states are hidden",
        "remedy": "grant pg_monitor to watchdog",
    } == live.plain(FOUND)[-1]


def test_a_warning_is_not_wrong() -> None:
    """Only what cannot work makes the check fail."""
    assert live.right(FOUND[:1])
    assert not live.right(FOUND)
