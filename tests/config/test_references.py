from pathlib import Path

import pytest

from tests.config.helpers import GOOD, changed
from watchdog.config import references
from watchdog.config.errors import ConfigError
from watchdog.config.load import load


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


def test_a_policys_parts_are_searched_for_wrong_names(tmp_path: Path) -> None:
    """The message repeats the expression; each name is told once."""
    text = "services: {app: {rules: [errors, health, lag], policy: '(errors and helth) or (lag and helth)'}}\n"
    with pytest.raises(ConfigError) as raised:
        changed(tmp_path, text)

    place = 'in "(errors and helth) or (lag and helth)": '
    assert {
        f'{place}"helth" is not a rule of this service; did you mean "health"?',
        f'{place}"lag" has on_fire: observe; the policy is about rules with rollback',
    } == {problem.message for problem in raised.value.errors}
