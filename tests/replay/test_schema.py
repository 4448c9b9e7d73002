"""The keys of scenario files."""

from watchdog.config.schema.base import Model
from watchdog.core.model import Missing
from watchdog.replay import schema
from watchdog.replay.schema import Gone, missing_of


def test_every_key_is_described() -> None:
    """A key without a description cannot be explained to who misspells its value."""
    models = [each for each in vars(schema).values() if isinstance(each, type) and issubclass(each, Model)]
    bare = [
        f"{model.__name__}.{name}"
        for model in models
        for name, info in model.model_fields.items()
        if not info.description
    ]

    assert len(models) > 15
    assert [] == bare


def test_ways_of_being_missing() -> None:
    """A silent source has no readings, a dead log stale ones, the others say what they are."""
    assert [None, Missing.STALE, Missing.NAN] == [missing_of(each) for each in (Gone.SILENT, Gone.DEAD, Gone.NAN)]
