"""How long until a fault can be read at all."""

from watchdog.core.outlook.arrival import arrival
from watchdog.core.outlook.values import Part, Piece, Rhythm


def test_a_poll_of_our_own() -> None:
    """It falls into the middle of one on average."""
    assert (Part(piece=Piece.POLL, typical=0.125, worst=0.25),) == arrival(Rhythm(poll=0.25, reading=0.25))


def test_a_scrape_comes_before_the_poll() -> None:
    """What somebody else reads every 15 s we see up to a poll later."""
    assert (
        Part(piece=Piece.SCRAPE, typical=7.5, worst=15.0),
        Part(piece=Piece.POLL, typical=2.5, worst=5.0),
    ) == arrival(Rhythm(poll=5.0, reading=15.0))
