"""How long until a fault can be read at all.

What lives here: the delays that every kind shares. What must not: what a kind makes of a reading.
"""

from watchdog.core.outlook.values import Part, Piece, Rhythm


def arrival(rhythm: Rhythm) -> tuple[Part, ...]:
    """From the fault to the first reading that shows it: half a period typically, one at worst."""
    poll = Part(piece=Piece.POLL, typical=rhythm.poll / 2.0, worst=rhythm.poll)
    if rhythm.reading <= rhythm.poll:
        return (poll,)
    return Part(piece=Piece.SCRAPE, typical=rhythm.reading / 2.0, worst=rhythm.reading), poll
