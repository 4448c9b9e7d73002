import inspect
from importlib import import_module
from pkgutil import walk_packages
from typing import Annotated, ClassVar

import pytest
from pydantic import Field, TypeAdapter

from watchdog.config import schema
from watchdog.config.schema import plans
from watchdog.config.schema.base import Model, Short, listed
from watchdog.config.schema.sources.source import KINDS, Source
from watchdog.config.units import Duration
from watchdog.config.validate import keys_of
from watchdog.config.words import Name

MODULES = [import_module(found.name) for found in walk_packages(schema.__path__, f"{schema.__name__}.")]
MODELS = [
    value
    for module in MODULES
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
    assert set(Source.ONE_OF) == set(KINDS)
    assert [] == [kind for kind, model in KINDS.items() if not (model.CATALOGUE or model.OWN)]


class Inner(Model):
    """The inner
    one.
    """

    wait: Duration = Field(description="How long.")


class Whole(Model):
    """An entry of a list."""

    WHOLE: ClassVar[bool] = True
    ONE_OF: ClassVar[tuple[str, ...]] = ("wait", "size")

    wait: Duration = Field(description="How long.")
    size: Name | None = Field(default=None, description="How large.")


def test_one_file_need_not_have_every_key() -> None:
    """An included file may have it; the description says that it is required. Nothing else is allowed."""
    made = Inner.model_json_schema()

    assert ("The inner one.", False) == (made["description"], made["additionalProperties"])
    assert "required" not in made
    assert "How long. Required." == made["properties"]["wait"]["description"]


def test_an_entry_of_a_list_is_whole() -> None:
    """Lists replace each other. Of the kinds at most one is given."""
    made = Whole.model_json_schema()
    one = [{"required": ["wait"]}, {"required": ["size"]}]

    assert ["wait"] == made["required"]
    assert [*one, {"not": {"anyOf": one}}] == made["oneOf"]


def test_a_short_form_stands_for_the_long_one() -> None:
    """In values and in the JSON Schema."""
    names = TypeAdapter(Annotated[tuple[Name, ...], listed])
    times = TypeAdapter(
        Annotated[Inner, Short(lambda value: {"wait": value} if isinstance(value, str) else value, Duration)]
    )

    assert ("a",) == names.validate_python("a") == names.validate_python(["a"])
    assert 2.0 == times.validate_python("2s").wait == times.validate_python({"wait": "2s"}).wait
    assert ["string", "array"] == [form["type"] for form in names.json_schema()["anyOf"]]
    assert [True, False] == ["pattern" in form for form in times.json_schema()["anyOf"]]


def test_a_plan_is_watched_for_its_soaks_and_its_bake() -> None:
    """The last step's soak counts as 0 when it is left out."""
    plan = plans.Plan.model_validate({"steps": [{"weight": "10%", "soak": "15m"}, {"weight": "100%"}], "bake": "30m"})

    assert 2700.0 == plan.watched
