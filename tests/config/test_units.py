import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.config.errors import WrongValueError
from watchdog.config.parsed import Parsed
from watchdog.config.units import (
    UNITS_MS,
    Comparison,
    Duration,
    Factor,
    Matches,
    Positive,
    Quantity,
    Rate,
    Share,
    Weight,
    duration_text,
    number_text,
    size_text,
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
        ("> 1.5GiB", Comparison(">", 1.5 * 2**30, "size")),
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


@pytest.mark.parametrize(
    "parse", [Duration.parse, Share.parse, Comparison.parse, Matches.parse, Rate.parse, Factor.parse, Quantity.parse]
)
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


@pytest.mark.parametrize(
    ("text", "rate", "spelling"),
    [
        ("2 per minute", 2 / 60, "2 per minute"),
        ("60 per minute", 1.0, "1 per second"),
        ("0.5 per second", 0.5, "30 per minute"),
        ("1 per hour", 1 / 3600, "1 per hour"),
        ("7 per  day", 7 / 86_400, "7 per day"),
    ],
)
def test_a_rate_is_in_events_per_second(text: str, rate: float, spelling: str) -> None:
    """One rate has one spelling, whichever unit it was written in, and reads back from it."""
    parsed = Rate.parse(text)

    assert (rate, spelling, parsed) == (parsed, str(parsed), Rate.parse(spelling))


@given(st.integers(1, 100_000), st.sampled_from(["second", "minute", "hour", "day"]))
def test_a_rate_survives_its_spelling(number: int, unit: str) -> None:
    """Thousandths of an event included."""
    rate = Rate.parse(f"{number / 1000} per {unit}")

    assert rate == Rate.parse(str(rate))


def test_a_rate_of_no_round_number_is_spelled_per_second() -> None:
    """Only the program makes such a rate."""
    assert "0.12345678901234568 per second" == str(Rate(0.123456789012345678))


@pytest.mark.parametrize("text", ["2/min", "2 per week", "0 per minute", "-1 per hour", "per minute", "2 per minutes"])
def test_other_rates_are_refused(text: str) -> None:
    """The message shows the form and the units."""
    with pytest.raises(WrongValueError, match="wanted a rate above 0 such as 2 per minute; the units are second"):
        Rate.parse(text)


def test_a_bare_number_is_told_the_units_of_a_rate() -> None:
    """The message repeats the number."""
    with pytest.raises(WrongValueError, match=r'^found "2", wanted a rate with its unit, such as 2 per minute$'):
        Rate.parse("2")


@pytest.mark.parametrize(("text", "factor"), [("1", 1.0), ("1.5", 1.5), ("999", 999.0)])
def test_a_factor_is_at_least_one(text: str, factor: float) -> None:
    """It reads back from its spelling."""
    assert factor == Factor.parse(text) == Factor.parse(str(Factor(factor)))


@pytest.mark.parametrize("text", ["0.9", "150%", "-2", "1000", "two", "1e2"])
def test_other_factors_are_refused(text: str) -> None:
    """150 % may mean 1.5 or 2.5 times."""
    with pytest.raises(WrongValueError, match="wanted a number of at least 1 and below 1000"):
        Factor.parse(text)


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("2s", Quantity(2.0, "duration")),
        ("80%", Quantity(0.8, "share")),
        ("512MiB", Quantity(512 * 2**20, "size")),
        ("0.5", Quantity(0.5, "number")),
        ("-3", Quantity(-3.0, "number")),
    ],
)
def test_a_quantity_is_in_its_gauges_unit(text: str, quantity: Quantity) -> None:
    """The value is in the base unit, and reads back from its spelling."""
    assert quantity == Quantity.parse(text) == Quantity.parse(str(quantity))


@pytest.mark.parametrize("text", ["> 2s", "2 s s", "1GB", "many", ""])
def test_other_quantities_are_refused(text: str) -> None:
    """Units of 1000 bytes are not guessed to be those of 1024."""
    with pytest.raises(WrongValueError, match=r"wanted a value in the gauge's unit, such as 2s, 80%, 1\.5GiB or 100"):
        Quantity.parse(text)


def test_sizes_take_the_largest_unit() -> None:
    """Below one KiB the number has a fraction."""
    assert ["1.5GiB", "512MiB", "1TiB", "0.5KiB"] == [size_text(v) for v in (1.5 * 2**30, 2.0**29, 2.0**40, 512.0)]


@pytest.mark.parametrize("kind", [Duration, Share, Positive, Weight, Comparison, Matches, Rate, Factor, Quantity])
def test_every_example_is_right(kind: type[Parsed]) -> None:
    """By `parse` and by the spelling that editors check."""
    assert kind.EXAMPLES
    for example in kind.EXAMPLES:
        kind.parse(str(example))
        assert re.fullmatch(kind.SPELLING, str(example))


written = st.one_of(
    st.from_regex(r"[<>=]{0,2} ?-?[0-9.]{1,4} ?(ms|s|m|h|d|%|KiB|GiB| per (second|hour))?", fullmatch=True),
    st.from_regex(r"[0-9]{1,4} +of +[0-9]{1,4}", fullmatch=True),
)


@given(written)
@pytest.mark.parametrize("kind", [Duration, Share, Positive, Weight, Comparison, Matches, Rate, Factor, Quantity])
def test_the_spelling_takes_whatever_is_parsed(kind: type[Parsed], text: str) -> None:
    """An editor must not mark what the program accepts."""
    try:
        kind.parse(text)
    except WrongValueError:
        return

    assert re.fullmatch(kind.SPELLING, text.strip())
