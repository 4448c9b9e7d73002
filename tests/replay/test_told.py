"""What a scenario says of a signal."""

import pytest

from watchdog.replay.told import Told, parse


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("5", Told(number=5.0)),
        ("80%", Told(number=0.8)),
        ("300ms", Told(number=0.3)),
        ("2KiB", Told(number=2048.0)),
        ("errors", Told(counted="errors")),
        ("slow[lab-results]", Told(counted="slow", route="lab-results")),
    ],
)
def test_a_value_or_a_count_of_users(text: str, told: Told) -> None:
    """Numbers come in their base unit."""
    assert told == parse(text)


@pytest.mark.parametrize("text", ["", "many", "error", "errors[]", "80 per cent"])
def test_anything_else_is_refused(text: str) -> None:
    """With what would be right."""
    with pytest.raises(ValueError, match="wanted a value such as 5, 80%"):
        parse(text)
