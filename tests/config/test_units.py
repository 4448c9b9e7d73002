import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.config.errors import WrongValueError
from watchdog.config.units import (
    UNITS_MS,
    Comparison,
    Duration,
    Matches,
    Positive,
    Share,
    Weight,
    duration_text,
    flag,
    integer,
    number_text,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ms", 0.25), ("2s", 2.0), ("15m", 900.0), ("24h", 86_400.0), ("1d", 86_400.0), ("0s", 0.0), ("1.5s", 1.5),
     (".5s", 0.5), (" 2 s ", 2.0)],
)  # fmt: skip
def test_durations_are_seconds(text: str, seconds: float) -> None:
    """A number with a unit is a duration."""
    assert seconds == Duration.parse(text)


@pytest.mark.parametrize(
    "text", ["", "2", "2.5", "s", "2 sec", "1h30m", "-1s", "1e3s", "1:30", "nan", "٣s", "2s\n3s", "infs"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    """No unit is guessed, and nothing is added up."""
    with pytest.raises(WrongValueError):
        Duration.parse(text)


def test_a_bare_number_is_told_its_units() -> None:
    """The message repeats the number with the units that it may mean."""
    with pytest.raises(WrongValueError, match=r'^found "30", wanted a duration with its unit, such as 30s or 30m$'):
        Duration.parse("30")


@given(st.integers(0, 31_536_000_000))
def test_a_duration_survives_its_spelling(milliseconds: int) -> None:
    """The canonical spelling reads back as the same duration."""
    duration = Duration(milliseconds / 1000)

    assert duration == Duration.parse(str(duration))


@given(st.integers(1, 99), st.sampled_from(sorted(UNITS_MS)))
def test_one_duration_has_one_spelling(number: int, unit: str) -> None:
    """However it was written, the same time is printed in the same way."""
    milliseconds = number * UNITS_MS[unit]

    assert str(Duration.parse(f"{milliseconds}ms")) == str(Duration.parse(f"{number}{unit}"))


def test_spellings_take_the_largest_whole_unit() -> None:
    """1500 ms stay milliseconds, 120 s are minutes."""
    assert ["1500ms", "2m", "1d", "0s", "0.5ms"] == [duration_text(s) for s in (1.5, 120.0, 86_400.0, 0.0, 0.0005)]


@pytest.mark.parametrize(
    ("text", "share"), [("5%", 0.05), ("0.05", 0.05), ("100%", 1.0), ("1", 1.0), ("0", 0.0), ("0.1 %", 0.001)]
)
def test_shares_are_fractions(text: str, share: float) -> None:
    """A percentage and a fraction mean the same."""
    assert share == Share.parse(text)


@pytest.mark.parametrize("text", ["5", "101%", "-1%", "5%%", "five", "", "1.01", "inf", "nan"])
def test_what_is_no_share_is_refused(text: str) -> None:
    """5 may mean 5 % or 500 %: it is not guessed."""
    with pytest.raises(WrongValueError, match=r"wanted a fraction or percentage such as 0\.05 or 5%$"):
        Share.parse(text)


@given(st.integers(0, 1_000_000))
def test_a_share_survives_its_spelling(millionths: int) -> None:
    """The canonical spelling reads back as the same share."""
    share = Share(millionths / 1_000_000)

    assert math.isclose(share, Share.parse(str(share)), rel_tol=1e-15, abs_tol=0.0)


def test_a_limit_is_above_zero_and_at_most_one_half() -> None:
    """A larger share is a matter for a probe."""
    assert 0.5 == Positive.parse("50%")
    for text in ("0%", "50.1%"):
        with pytest.raises(WrongValueError, match=r"above 0 and at most 0\.5"):
            Positive.parse(text)


@given(st.integers(1, 10_000))
def test_every_weight_that_nginx_can_express_is_taken(grains: int) -> None:
    """Hundredths of a percent, however they are written."""
    assert grains / 10_000 == Weight.parse(f"{grains / 100}%") == Weight.parse(f"{grains / 10_000:f}")


@pytest.mark.parametrize("text", ["0%", "0.001%", "33.333%", "10", "100.01%"])
def test_other_weights_are_refused(text: str) -> None:
    """nginx would refuse them too, at the worst moment."""
    with pytest.raises(WrongValueError, match=r"in steps of 0\.01%"):
        Weight.parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("> 2s", Comparison(">", 2.0, "duration")),
        ("<80%", Comparison("<", 0.8, "share")),
        (">= 5", Comparison(">=", 5.0, "number")),
        ("<= -0.5", Comparison("<=", -0.5, "number")),
    ],
)
def test_comparisons_have_an_operator_and_a_quantity(text: str, expected: Comparison) -> None:
    """The limit is in the base unit of its quantity, and reads back from its spelling."""
    assert expected == Comparison.parse(text) == Comparison.parse(str(expected))


@pytest.mark.parametrize("text", ["2s", "=> 5", "> ", "> many", "== 5", "> > 5", ">"])
def test_other_comparisons_are_refused(text: str) -> None:
    """The message shows the three forms, in quotes."""
    with pytest.raises(WrongValueError, match='wanted a comparison in quotes, such as "> 2s"'):
        Comparison.parse(text)


def test_matches_are_n_of_m() -> None:
    """Both numbers are read, and printed as they were written."""
    assert Matches(3, 5) == Matches.parse("3 of 5")
    assert "3 of 5" == str(Matches(3, 5))


@pytest.mark.parametrize("text", ["5", "0 of 5", "6 of 5", "3 off 5", "3of5", "1 of 1001"])
def test_impossible_matches_are_refused(text: str) -> None:
    """N is from 1 to M, and M is bounded."""
    with pytest.raises(WrongValueError, match="3 of 5"):
        Matches.parse(text)


@pytest.mark.parametrize("text", ["-1", "1.5", "0x10", "11", "one", "010101010101"])
def test_other_numbers_are_refused(text: str) -> None:
    """Whole numbers within the range only."""
    with pytest.raises(WrongValueError, match="a whole number from 0 to 10"):
        integer(text, 0, 10)


@pytest.mark.parametrize("text", ["yes", "on", "True", "1", "", "y"])
def test_only_true_and_false_are_flags(text: str) -> None:
    """YAML's old words for them are not."""
    assert (True, False) == (flag("true"), flag("false"))
    with pytest.raises(WrongValueError, match="wanted true or false"):
        flag(text)


@pytest.mark.parametrize("parse", [Duration.parse, Share.parse, Comparison.parse, Matches.parse])
@pytest.mark.parametrize("value", [None, [], {}, ["2s"]])
def test_what_is_no_text_is_refused(parse: object, value: object) -> None:
    """A list or a mapping in the place of a quantity is named as such."""
    assert callable(parse)
    with pytest.raises(WrongValueError, match=r"^found (nothing|a list|keys and values), wanted"):
        parse(value)


def test_numbers_are_printed_without_exponent() -> None:
    """A small share is still readable."""
    assert ["0.0001", "1", "1000000", "0.1"] == [
        number_text(0.0001), number_text(0.01, 100), number_text(1e6), number_text(0.001, 100)
    ]  # fmt: skip
