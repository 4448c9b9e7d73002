import pytest

from watchdog.config.schema.sources.health import Health


@pytest.mark.parametrize(
    ("keys", "places"),
    [
        ({}, []),
        ({"timeout": "0s"}, [("timeout",)]),
        ({"tls": {"verify": "false"}}, [("tls",)]),
        ({"tls": {"verify": "false"}, "scheme": "https"}, []),
        ({"poll": "10ms"}, [("poll",)]),
    ],
)
def test_ranges(keys: dict[str, object], places: list[tuple[str, ...]]) -> None:
    """And trust that nothing uses."""
    assert places == [place for place, _ in Health.model_validate({"path": "/health", **keys}).complaints()]


def test_it_asks_the_colours_themselves() -> None:
    """So that it can show that stable answers; its time is a duration."""
    health = Health.model_validate({"path": "/health"})

    assert (True, True, 2.0) == (health.PROBING, health.REQUIRED, health.interval)
    assert {"up": ("probe", "any"), "seconds": ("gauge", "duration")} == {
        name: (spec.kind, spec.unit) for name, spec in health.signals().items()
    }
