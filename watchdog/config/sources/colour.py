"""Filling in `$colour`: what is written once holds for both colours.

What lives here: the replacement. What must not: any key.
"""

import re

from watchdog.config.files import PER_COLOUR
from watchdog.config.words import Secret
from watchdog.core.model import Colour

_A_COLOUR = re.compile(r"(?<![A-Za-z0-9])(blue|green)(?![A-Za-z0-9])")
"""As a word: `app-blue` and `blue_app` name a colour, `bluebird` does not."""


def coloured(written: str, colour: Colour) -> str:
    """The text for one colour."""
    return written.replace("${" + PER_COLOUR + "}", colour).replace("$" + PER_COLOUR, colour)


def tells_colours(written: str) -> bool:
    """Whether the text differs between the colours."""
    return coloured(written, Colour.BLUE) != written


def names_a_colour(written: str) -> Colour | None:
    """The one colour that a text names as a word, beside any `$colour`; None for none, and for both.

    A query about blue alone would judge blue for both colours; one about both (`color=~"blue|green"`) tells no colours
    apart, which is another matter.
    """
    named = {Colour(word) for word in _A_COLOUR.findall(written)}
    return named.pop() if len(named) == 1 else None


def coloured_secret(secret: Secret, colour: Colour) -> Secret:
    """A secret that is written in the file may name the colour, too."""
    return secret if secret.literal is None else Secret(literal=coloured(secret.literal, colour))
