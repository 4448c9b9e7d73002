"""Presets: the lines in their head are all that an environment needs, and their scenarios end as expected."""

import re
from pathlib import Path

import pytest

from tests.rules.stories import RULES, stories
from watchdog.config.compile import compile_
from watchdog.config.load import load
from watchdog.replay.expectations import judge
from watchdog.replay.files import Ready
from watchdog.replay.scenario import run

PRESETS = sorted(path.stem for path in (RULES / "presets").glob("*.yml") if not path.name.endswith(".test.yml"))

AROUND = """
version: 1
environment: example
include: {include}
sources:
  edge: {{access_log: {{}}}}
  probe: {{health: {{path: /health}}}}
rules:
  users: {{sequential_ratio: {{bad: edge.errors, total: edge.requests, limit: 5%}}, on_fire: rollback}}
  answers: {{probe: {{signal: probe.up}}, on_fire: rollback}}
services:
  app:
    stable: blue
    data: shared
    sessions: shared
    colours: {{blue: {{server: "127.0.0.1:8081"}}, green: {{server: "127.0.0.1:8082"}}}}
    router: {{nginx: {{directory: /etc/nginx/rollback-watchdog}}}}
    rules: [users, answers, {rules}]
    health: probe
    plan: slowly
plans:
  slowly: {{steps: [{{weight: 10%, soak: 15m}}, {{weight: 100%}}]}}
contacts: {{on-call: {{apprise: {{credential: on-call-url}}}}}}
escalation: [{{level: 2, contacts: [on-call]}}]
"""


def head(name: str) -> tuple[str, str]:
    """What the preset says is to be included, and the rules to be named."""
    text = (RULES / "presets" / f"{name}.yml").read_text()
    include = re.search(r"^# include: (\[.*\])$", text, re.MULTILINE)
    rules = re.search(r"^# rules: \[(.*)\]$", text, re.MULTILINE)
    assert include
    assert rules
    return include[1], rules[1]


@pytest.mark.parametrize("name", PRESETS)
def test_the_lines_of_the_head_are_all_that_it_needs(name: str, tmp_path: Path) -> None:
    """In a whole environment they load without a warning, and name every rule that the preset has."""
    include, rules = head(name)
    (tmp_path / "presets").symlink_to(RULES / "presets")
    (tmp_path / "base.yml").symlink_to(RULES / "base.yml")
    file = tmp_path / "environment.yml"
    file.write_text(AROUND.format(include=include.replace("base.yml, ", ""), rules=rules))
    loaded = load(str(file))
    (service,) = compile_(loaded).environment.services

    assert () == loaded.warnings
    assert sorted(loaded.sections.rules) == sorted(rule.name for rule in service.rules)


def test_two_services_can_have_the_same_preset(tmp_path: Path) -> None:
    """Its names begin with what it was given."""
    include, _ = head("prometheus-client")
    (tmp_path / "presets").symlink_to(RULES / "presets")
    both = f"{include[:-1]}, {include[1:].replace('shop', 'labs')}"
    rules = "shop-errors, shop-slow, shop-p95, labs-errors, labs-slow, labs-p95"
    file = tmp_path / "environment.yml"
    file.write_text(AROUND.format(include=both, rules=rules))

    assert {"shop-metrics", "labs-metrics"} <= set(load(str(file)).sections.sources)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("ready", stories(f"presets/{name}" for name in PRESETS))
def test_stories_end_as_expected(ready: Ready) -> None:
    """What a scenario expects has happened."""
    assert () == judge(run(ready))
