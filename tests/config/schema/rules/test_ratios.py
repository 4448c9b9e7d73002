import pytest

from watchdog.config.schema.rules.ratios import CanaryVsStable, SequentialRatio

SIGNALS = {"bad": "edge.errors", "total": "edge.requests"}


@pytest.mark.parametrize(
    ("keys", "effect"), [({"limit": "5%"}, 0.08), ({"limit": "40%"}, 0.59), ({"limit": "5%", "min_effect": "6%"}, 0.06)]
)
def test_the_smallest_effect_follows_from_the_limit(keys: dict[str, str], effect: float) -> None:
    """Unless the file says it, and never beyond what the test can find."""
    assert effect == pytest.approx(SequentialRatio.model_validate({**SIGNALS, **keys}).effect)


@pytest.mark.parametrize(
    ("keys", "ratio"), [({}, 2.0), ({"margin": "1.5"}, 3.0), ({"margin": "2", "min_ratio": "2.5"}, 2.5)]
)
def test_the_smallest_ratio_follows_from_the_margin(keys: dict[str, str], ratio: float) -> None:
    """Unless the file says it."""
    assert ratio == CanaryVsStable.model_validate({**SIGNALS, **keys}).ratio


@pytest.mark.parametrize(
    "keys",
    [{"margin": "19.5"}, {"margin": "30", "min_ratio": "39"}, {"min_ratio": "39"}, {"margin": "1.9", "min_ratio": "2"}],
)
def test_the_test_reaches_up_to_its_largest_ratio(keys: dict[str, str]) -> None:
    """The bounds are exact."""
    assert [] == list(CanaryVsStable.model_validate({**SIGNALS, **keys}).complaints())


@pytest.mark.parametrize("keys", [{"margin": "19.6"}, {"min_ratio": "39.1"}, {"margin": "2", "min_ratio": "2"}])
def test_what_lies_beyond_is_refused(keys: dict[str, str]) -> None:
    """With the bound in the message."""
    assert 1 == len(list(CanaryVsStable.model_validate({**SIGNALS, **keys}).complaints()))


def test_bets_per_poll_take_no_effect() -> None:
    """A key that does nothing is refused; bunches of readings may still be declared."""
    keys = {**SIGNALS, "limit": "5%", "dependence": "per_poll", "design_effect": "2"}

    assert [] == list(SequentialRatio.model_validate(keys).complaints())
    assert [("min_effect",)] == [
        place for place, _ in SequentialRatio.model_validate({**keys, "min_effect": "8%"}).complaints()
    ]
