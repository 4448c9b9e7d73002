import pytest

from watchdog.config.sources.colour import coloured, coloured_secret, names_a_colour, tells_colours
from watchdog.config.words import Secret
from watchdog.core.model import Colour


def test_the_colour_is_filled_in() -> None:
    """With braces or without."""
    assert "a-blue/blue_x" == coloured("a-$colour/${colour}_x", Colour.BLUE)
    assert [True, True, False] == [tells_colours(text) for text in ("$colour", "${colour}", "blue")]


def test_a_secret_may_name_the_colour() -> None:
    """Where it is written in the file; a credential is read as it is."""
    assert Secret(literal="t-green") == coloured_secret(Secret(literal="t-$colour"), Colour.GREEN)
    assert Secret(credential="t") == coloured_secret(Secret(credential="t"), Colour.GREEN)


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ('up{color="blue"}', Colour.BLUE),
        ("http://app-green:9090", Colour.GREEN),
        ("green_up", Colour.GREEN),
        ('a{color="$colour"} / b{color="green"}', Colour.GREEN),
        ('up{color="$colour"}', None),
        ('up{color=~"blue|green"}', None),
        ("bluebird_evergreen", None),
        ("Blue", None),
        ("", None),
    ],
)
def test_a_colour_is_named_as_a_word(text: str, colour: Colour | None) -> None:
    """One of them; a text that names both speaks of both."""
    assert colour == names_a_colour(text)
