"""Delays add up, and never stays never."""

from watchdog.core.outlook.values import NEVER, Delay, Part, Piece

POLL = Part(piece=Piece.POLL, typical=1.0, worst=2.0)
FOR = Part(piece=Piece.FOR, typical=15.0, worst=15.0)


def test_a_delay_is_the_sum_of_its_parts() -> None:
    """Typical and worst, in the order in which they pass; a longer one is another value."""
    delay = Delay(parts=(POLL,))
    longer = delay.then(FOR)
    assert (1.0, 2.0) == (delay.typical, delay.worst)
    assert (16.0, 17.0, (POLL, FOR)) == (longer.typical, longer.worst, longer.parts)


def test_never_is_a_proper_delay() -> None:
    """Nothing that comes before or after makes it finite."""
    never = Part(piece=Piece.EVIDENCE, typical=NEVER, worst=NEVER)
    assert NEVER == Delay(parts=(POLL, never)).then(FOR).typical
