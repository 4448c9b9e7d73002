import inspect

import pytest

from watchdog.config.schema import environment, plans, rules, services, sources
from watchdog.config.schema.base import Model
from watchdog.config.validate import keys_of

MODELS = [
    value
    for module in (environment, plans, rules, services, sources)
    for _, value in inspect.getmembers(module, inspect.isclass)
    if issubclass(value, Model) and value.__module__ == module.__name__
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_is_described(model: type[Model]) -> None:
    """A sentence with its end, since it is the documentation and the message of a missing key."""
    assert [] == [name for name, info in model.model_fields.items() if not (info.description or "").endswith(".")]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_key_is_both_here_and_later(model: type[Model]) -> None:
    """A word that is refused by name is not a key."""
    assert set() == set(keys_of(model)) & model.LATER
    assert set(model.ONE_OF) <= set(keys_of(model))
    assert set(model.LATER_WORDS) <= set(keys_of(model))


def test_every_kind_of_source_has_its_signals() -> None:
    """The catalogue and the language know the same kinds."""
    assert set(sources.Source.ONE_OF) == set(sources.KINDS)


def test_a_plan_is_watched_for_its_soaks_and_its_bake() -> None:
    """The last step's soak counts as 0 when it is left out."""
    plan = plans.Plan.model_validate({"steps": [{"weight": "10%", "soak": "15m"}, {"weight": "100%"}], "bake": "30m"})

    assert 2700.0 == plan.watched
