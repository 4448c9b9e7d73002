"""`check --live`: what is found when every source is asked once."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.daemon.helpers import ENVIRONMENT, environment
from watchdog.core.model import Reading
from watchdog.daemon import live
from watchdog.daemon.live import Asked
from watchdog.sources.base import Finding


class Looks:
    """A source that says what it saw."""

    name = "health"
    interval = 1.0
    deadline = 1.0

    def __init__(self) -> None:
        self.closed = False

    async def poll(self) -> tuple[Reading, ...]:
        return ()

    def missing(self) -> tuple[Reading, ...]:
        return ()

    async def examine(self) -> tuple[Finding, ...]:
        return (Finding(ok=True, what="seen"),)

    async def close(self) -> None:
        self.closed = True


class Stumbles(Looks):
    """A source whose server says what nobody thought of."""

    async def examine(self) -> tuple[Finding, ...]:
        raise OverflowError("cannot convert float infinity to integer")


class Hangs(Looks):
    """A source that never answers."""

    async def examine(self) -> tuple[Finding, ...]:
        await asyncio.Event().wait()
        return ()


def asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, source: object, text: str = ENVIRONMENT
) -> Mapping[str, tuple[Finding, ...]]:
    """Everything found, by source, with the environment's health check replaced."""
    if source is not None:
        monkeypatch.setattr("watchdog.daemon.live.build.source", lambda *_: source)
    found = asyncio.run(live.examine(environment(folder, text), lambda _: ""))
    return {each.source: each.findings for each in found}


def test_a_source_is_asked_what_it_sees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And let go of afterwards."""
    source = Looks()

    assert (Finding(ok=True, what="seen"),) == asked(tmp_path, monkeypatch, source)["health"]
    assert source.closed


def test_a_source_that_stumbles_costs_its_own_findings_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are told all the same."""
    source = Stumbles()
    found = asked(tmp_path, monkeypatch, source)

    what = "could not be looked at: OverflowError: cannot convert float infinity to integer"
    assert (Finding(ok=False, what=what),) == found["health"]
    assert {"servers", "access log"} < found.keys()
    assert source.closed


def test_a_source_that_hangs_costs_its_own_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer says so."""
    monkeypatch.setattr(live, "EXAMINE_WITHIN_S", 0.01)
    source = Hangs()

    (finding,) = asked(tmp_path, monkeypatch, source)["health"]
    assert (False, "no answer within") == (finding.ok, finding.what[:16])
    assert source.closed


def test_a_source_that_cannot_be_made_is_a_finding(tmp_path: Path) -> None:
    """A credential that is not there, for instance."""

    def reveal(_: object) -> str:
        raise FileNotFoundError("credential key: the unit has none of this name")

    text = ENVIRONMENT.replace("poll: 500ms", "poll: 500ms, headers: {{X-Key: {{credential: key}}}}")
    found = asyncio.run(live.examine(environment(tmp_path, text), reveal))

    wanted = Finding(ok=False, what="cannot be set up: credential key: the unit has none of this name")
    assert Asked(service="shop", source="health", findings=(wanted,)) in found


def test_colours_that_are_one_server_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two names may lead to one place; the file cannot show it."""
    text = ENVIRONMENT.replace("127.0.0.1:8081", "localhost:8081").replace("127.0.0.1:8082", "127.0.0.1:8081")
    (finding,) = asked(tmp_path, monkeypatch, Looks(), text)["servers"]

    assert finding.ok is False
    assert "blue and green are the same server, 127.0.0.1:8081" == finding.what


@pytest.mark.parametrize(
    ("edge", "wanted"),
    [
        ({}, [(None, "the daemon has not received a line of the balancer yet")]),
        ({"received": 1000, "lost": 0}, [(True, "1,000 lines received since the daemon started, about 0 lost")]),
        ({"received": 1000, "lost": 5}, [(False, "1,000 lines received since the daemon started, about 5 lost")]),
        (
            {"received": 10, "unreadable": 2},
            [(True, "10 lines received since the daemon started, about 0 lost"), (False, "2 lines could not be read")],
        ),
    ],
)
def test_lost_lines_are_told(edge: Mapping[str, int], wanted: Sequence[tuple[bool | None, str]]) -> None:
    """A running daemon knows how many lines it did not get."""
    assert wanted == [(finding.ok, finding.what) for finding in live.lines(edge)]


def test_without_a_daemon_nobody_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The finding is a warning, no mistake."""
    text = ENVIRONMENT + f"control: {{{{socket: {tmp_path}/none.sock}}}}\n"
    found = asked(tmp_path, monkeypatch, Looks(), text)["access log"]

    assert Finding(ok=None, what="no daemon runs here, so nobody knows whether lines are lost") in found
