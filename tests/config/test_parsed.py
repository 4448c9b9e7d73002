import re

import pytest

from watchdog.config.parsed import either, flag, integer, spelled


@pytest.mark.parametrize(
    ("text", "takes"),
    [("2s", True), (" 2s ", True), ("$window", True), ("a ${b}", True), ("2", False), ("2s x", False)],
)
def test_a_spelling_is_for_the_whole_text_or_a_variable_in_it(text: str, takes: bool) -> None:  # noqa: FBT001 (a parameter)
    """What `$NAME` stands for is not known when one file is looked at."""
    assert takes == bool(re.search(spelled("[0-9]s", "a time")["pattern"], text))


def test_a_spelling_says_what_is_wanted() -> None:
    """As documentation, as the editor's message and by examples."""
    assert {
        "type": ["string", "integer"],
        "pattern": r"^\s*(?:[0-9])\s*$|\$",
        "minimum": 1,
        "description": "A digit.",
        "patternErrorMessage": "wanted a digit",
        "examples": [1],
    } == spelled("[0-9]", "a digit", 1, bare={"type": "integer", "minimum": 1})


def test_a_text_has_no_other_type() -> None:
    """And no examples when there are none."""
    made = spelled("x", "an x")

    assert ("string", False) == (made["type"], "examples" in made)


def test_a_pattern_is_one_for_editors_too() -> None:
    """ECMAScript refuses escapes of what means nothing by itself."""
    assert "[^'\"]" in spelled(r"[^'\"]", "no quote")["pattern"]


def test_several_forms_have_one_description() -> None:
    """Each keeps its own beside it."""
    assert {"anyOf": [{"type": "object"}, {"type": "string"}], "description": "One of two."} == either(
        {"type": "object"}, {"type": "string"}, wanted="one of two"
    )


@pytest.mark.parametrize("text", ["-1", "1.5", "0x10", "11", "one", "010101010101"])
def test_other_numbers_are_refused(text: str) -> None:
    """Whole numbers within the range only."""
    with pytest.raises(ValueError, match="a whole number from 0 to 10"):
        integer(text, 0, 10)


@pytest.mark.parametrize("text", ["yes", "on", "True", "1", "", "y"])
def test_only_true_and_false_are_flags(text: str) -> None:
    """YAML's old words for them are not."""
    assert (True, False) == (flag("true"), flag("false"))
    with pytest.raises(ValueError, match="wanted true or false"):
        flag(text)
