import pytest

from tests.config.sources.test_health import SERVICE
from watchdog.config.schema.sources.access_log import AccessLog
from watchdog.config.schema.sources.health import Health
from watchdog.config.sources import translate
from watchdog.config.sources.health import HealthSettings


def test_a_source_is_translated_by_its_kind() -> None:
    """With its own name and its service's."""
    settings = translate.source("h", "app", Health.model_validate({"path": "/"}), SERVICE)

    assert isinstance(settings, HealthSettings)
    assert ("h", "app") == (settings.name, settings.service)


def test_the_access_log_is_not_polled() -> None:
    """It comes by itself."""
    with pytest.raises(TypeError, match="AccessLog is not polled"):
        translate.source("edge", "app", AccessLog(), SERVICE)
