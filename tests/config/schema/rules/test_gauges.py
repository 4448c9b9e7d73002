import pytest

from watchdog.config.schema.rules.gauges import Spike, Trend


@pytest.mark.parametrize(
    ("model", "keys", "place"),
    [
        (Spike, {"floor": "80%", "baseline": "0s"}, "baseline"),
        (Trend, {"limit": "> 2s", "horizon": "0s"}, "horizon"),
        (Trend, {"limit": "> 2s", "over": "0s"}, "over"),
    ],
)
def test_no_time_at_all_is_refused(model: type[Spike | Trend], keys: dict[str, str], place: str) -> None:
    """It would never say anything."""
    wrong = model.model_validate({"value": "a.b", **keys})

    assert [((place,), 'found "0s", wanted a duration above 0s')] == list(wrong.complaints())


def test_the_defaults_are_right() -> None:
    """For a gauge that is read every few seconds."""
    assert [] == list(Spike.model_validate({"value": "a.b", "floor": "80%"}).complaints())
    assert [] == list(Trend.model_validate({"value": "a.b", "limit": "> 1.5GiB"}).complaints())
