"""What holds for every rule file."""

from pathlib import Path

import pytest
import yaml

from tests.rules.stories import RULES
from watchdog.config.compile import compile_
from watchdog.config.load import load

ENVIRONMENTS = ("demo", "production", "staging")


def files() -> list[Path]:
    """Rule files without their scenarios."""
    return sorted(path for path in RULES.rglob("*.yml") if not path.name.endswith(".test.yml"))


def test_every_rule_file_has_scenarios() -> None:
    """A rule file without its scenario tests is not shipped, nor are scenarios of nothing."""
    tested = sorted(path.with_name(path.name.replace(".test", "")) for path in RULES.rglob("*.test.yml"))

    assert tested == files()


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_loads_without_a_warning(name: str) -> None:
    """What `check` prints of a shipped file is the detection budget alone."""
    assert () == load(str(RULES / f"{name}.yml")).warnings


@pytest.mark.parametrize("name", ["production", "staging"])
def test_every_rule_of_the_hospital_is_used(name: str) -> None:
    """A rule that the service does not name judges nothing."""
    loaded = load(str(RULES / f"{name}.yml"))
    (service,) = compile_(loaded).environment.services

    assert sorted(loaded.sections.rules) == sorted(rule.name for rule in service.rules)


def test_production_and_staging_watch_the_same() -> None:
    """They differ in addresses, plan and people, not in what a bad release is."""
    found = []
    for name in ("production", "staging"):
        (service,) = compile_(load(str(RULES / f"{name}.yml"))).environment.services
        found.append([(rule.name, rule.condition, rule.on_fire) for rule in service.rules])

    assert found[0] == found[1]


def test_every_yaml_file_is_read_alike_by_others() -> None:
    """The reader here takes texts as they are; nothing that is shipped depends on that."""
    for path in files():
        assert isinstance(yaml.safe_load(path.read_text()), dict), path
