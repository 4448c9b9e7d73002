import pytest

from watchdog.config.schema.sources.access_log import AccessLog
from watchdog.config.schema.sources.health import Health
from watchdog.config.schema.sources.source import KINDS, Source


def test_a_source_is_of_the_kind_that_was_given() -> None:
    """Its rhythm is the kind's."""
    health = Source.model_validate({"health": {"path": "/health", "poll": "3s"}})

    assert ("health", 3.0, 3.0) == (health.kind, health.interval, health.rhythm)
    assert isinstance(health.model, Health)
    assert KINDS["access_log"] is AccessLog


@pytest.mark.parametrize(
    ("written", "required"), [({}, True), ({"required": "false"}, False), ({"required": "true"}, True)]
)
def test_the_file_says_whether_a_service_may_do_without(written: dict[str, str], required: bool) -> None:  # noqa: FBT001 (a parameter)
    """Left out, the kind does."""
    assert required == Source.model_validate({"access_log": {}, **written}).is_required


def test_a_kind_says_by_itself_how_far_to_lean_on_it() -> None:
    """Where it says no, a source is advisory unless the file says otherwise."""
    for kind, model in KINDS.items():
        source = Source.model_construct().model_copy(update={kind: model.model_construct()})
        assert model.REQUIRED == source.is_required
