"""Estimates in words."""

from typing import Any

import pytest

from watchdog.core.outlook.values import Caveat, Piece
from watchdog.text import outlook

Data = dict[str, Any]

FINDINGS = ((0.5, 15.0, 24.0), (0.2, 40.0, 78.0), (0.1, 236.0, 458.0), (0.06, None, None))


def finding(share: float, typical: float | None, worst: float | None) -> Data:
    return {"share": share, "typical": typical, "worst": worst, "rule": "error-rate"}


def measured(**different: Any) -> Data:
    """At 3 requests/s."""
    return {
        "rate": 3.0,
        "findings": [finding(*each) for each in FINDINGS],
        "within": 30.0,
        "aim": 0.2,
        "in_time": False,
        "needed": 8.2,
        "asks_itself": False,
    } | different


def delay(*parts: tuple[str, float | None]) -> Data:
    told = [{"piece": piece, "typical": worst, "worst": worst} for piece, worst in parts]
    return {"typical": 1.0, "worst": 2.0, "parts": told}


def test_the_sentence() -> None:
    """What is found how soon at this traffic, and what is not found."""
    assert (
        "at 3 requests/s on green: 50 % broken is found in ~15 s, 20 % in ~40 s, 10 % in ~4 min, "
        "6 % not within the deployment"
    ) == outlook.sentence(measured(), "green")


def test_the_remedy() -> None:
    """Only where 30 s is out of reach for the fault that it is wanted for."""
    assert "" == outlook.remedy(measured(in_time=True, needed=None), "green")
    assert (
        "20 % broken within 30 s takes 8.2 requests/s on green: more users sooner, or a synthetic source at 2/s, which "
        "finds 50 % and more broken in time at any traffic"
    ) == outlook.remedy(measured(), "green")
    assert "20 % broken within 30 s takes 8.2 requests/s on green: more users sooner" == outlook.remedy(
        measured(asks_itself=True), "green"
    )
    assert "20 % broken is not found within 30 s at any traffic; check says what would help" == outlook.remedy(
        measured(needed=None), "green"
    )


def test_the_lines() -> None:
    """None before the traffic is known, also from a daemon that does not know the estimate; a second one if needed."""
    assert [] == outlook.lines({"candidate": "green", "outlook": None})
    assert [] == outlook.lines({"candidate": "green"})
    assert 2 == len(outlook.lines({"candidate": "green", "outlook": measured()}))
    quick = measured(in_time=True, needed=None)
    assert [f"{outlook.sentence(quick, 'green')}."] == outlook.lines({"candidate": "green", "outlook": quick})


@pytest.mark.parametrize(
    ("typical", "worst", "expected"),
    [(3.7, 4.2, "3.7 s / 4.2 s"), (41.0, None, "41 s / never"), (None, None, "never")],
)
def test_a_span(typical: float | None, worst: float | None, expected: str) -> None:
    """Typical and worst."""
    assert expected == outlook.span({"typical": typical, "worst": worst})


def test_parts_and_what_would_shorten_them() -> None:
    """Each part that there is, in its order; the longest one decides what helps."""
    slow = delay(("scrape", 15.0), ("poll", 5.0), ("timeout", 0.0), ("for", 16.0))
    assert "15 s scrape + 5.0 s poll + for 16 s" == outlook.parts(slow)
    assert "a shorter for" == outlook.way(slow)
    assert "use the access log instead of a scrape" == outlook.way(delay(("scrape", 15.0), ("poll", 5.0)))
    assert outlook.way(delay(("poll", 5.0), ("evidence", None))).startswith("a larger first weight")
    assert "" == outlook.way(delay(("switch", 0.02)))


def test_every_name_of_the_core_has_words() -> None:
    """A new piece or caveat without words would be an error on somebody's screen."""
    assert set(Piece) == set(outlook.PIECES)
    assert set(Caveat) == set(outlook.CAVEATS)
    assert {piece for piece in Piece if piece is not Piece.SWITCH} == set(outlook.WAYS)
    assert "cannot say without users on stable; a blip inside one reading can fire it" == outlook.caveats(
        ["needs_stable", "no_ride_out"]
    )
