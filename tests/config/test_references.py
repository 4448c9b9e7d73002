from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.config.helpers import GOOD, changed
from watchdog.config import references
from watchdog.config.errors import ConfigError
from watchdog.config.load import load
from watchdog.config.schema.sources import KINDS, Kind


@contextmanager
def blind_to_colours(kind: str) -> Iterator[None]:
    """As if sources of that kind did not tell the colours apart, which no kind of this version does."""
    before = KINDS[kind]
    assert isinstance(KINDS, dict)
    KINDS[kind] = Kind(
        signals=before.signals, routes=before.routes, required=before.required, probing=before.probing, per_colour=False
    )
    try:
        yield
    finally:
        KINDS[kind] = before


def test_a_source_that_cannot_tell_the_colours_apart_cannot_roll_back() -> None:
    """What it says is true of both."""
    with blind_to_colours("health"), pytest.raises(ConfigError) as raised:
        load(str(GOOD))
    (problem,) = raised.value.errors

    assert "rules.health.on_fire" == problem.key
    assert problem.message.endswith("wanted freeze, escalate or observe")


def test_the_health_source_of_the_rules_asks_stable() -> None:
    """When there is only one."""
    loaded = load(str(GOOD))
    service = loaded.sections.services["app"]

    assert "health" == references.health_source(service, loaded.sections, references.kinds(loaded.sections))
    assert ["edge", "health"] == references.used_sources(service, loaded.sections)


def test_a_second_access_log_that_no_rule_reads_is_not_taken(tmp_path: Path) -> None:
    """The rules' own one counts the users."""
    loaded = changed(tmp_path, "sources: {other: {access_log: {}}}\n")
    service = loaded.sections.services["app"]

    assert "edge" == references.edge_source(service, loaded.sections, references.kinds(loaded.sections))


def test_a_wrong_value_does_not_hide_a_wrong_name_beside_it(tmp_path: Path) -> None:
    """Names are read from the file, so that both come at once."""
    with pytest.raises(ConfigError) as raised:
        changed(tmp_path, "services: {app: {divert_for: 5, rules: [errors, helth], plan: canari, health: healht}}\n")

    assert {"divert_for", "rules", "plan", "health"} == {
        p.key.removeprefix("services.app.") for p in raised.value.errors
    }
