import pytest

from watchdog.config.schema.sources.base import PolledModel, SourceModel


def test_a_poll_becomes_rarer_without_a_deployment() -> None:
    """Five times, unless the file says otherwise."""
    polled = PolledModel()

    assert (5.0, 5.0, 5.0) == (polled.interval, polled.rhythm, polled.idle_factor)
    assert 2.5 == PolledModel.model_validate({"poll": "2s", "idle_poll": "5s"}).idle_factor


@pytest.mark.parametrize(
    ("keys", "complaints"),
    [
        ({"poll": "100ms"}, []),
        ({"poll": "99ms"}, [(("poll",), 'found "99ms", wanted a duration of at least 100ms')]),
        ({"poll": "2s", "idle_poll": "2s"}, []),
        ({"poll": "2s", "idle_poll": "1s"}, [(("idle_poll",), 'found "1s", wanted a duration of at least poll (2s)')]),
    ],
)
def test_polls_have_a_shortest_time(keys: dict[str, str], complaints: list[object]) -> None:
    """And are never more frequent without a deployment."""
    assert complaints == list(PolledModel.model_validate(keys).rhythm_complaints())


def test_a_pushing_source_has_its_own_rhythm() -> None:
    """Its signals are the kind's."""
    model = SourceModel()

    assert (1.0, {}) == (model.idle_factor, model.signals())
    with pytest.raises(NotImplementedError):
        _ = model.interval
