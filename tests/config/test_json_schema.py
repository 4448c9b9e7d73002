import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError as Refused
from pydantic import ValidationError

from tests.config.helpers import GOOD, RULES
from watchdog.config import json_schema
from watchdog.config.effective import text
from watchdog.config.load import SECTIONS, load
from watchdog.config.schema.environment import Top
from watchdog.config.tree import Mapping, parse, plain
from watchdog.config.validate import keys_of

HERE = Path(__file__).parent
PUBLISHED = RULES / "schema.json"
SHIPPED = sorted(path for path in RULES.rglob("*.yml") if not path.name.endswith(".test.yml"))
BAD = sorted((HERE / "bad").glob("*.yml"))

VALIDATOR = Draft202012Validator(json_schema.schema())

NAMES = "whether a name is there only all files together tell"
READ_BY_PROGRAM = "what stands in the text only the program can read"

BEYOND = {
    "duration-too-long.yml": READ_BY_PROGRAM,
    "plan-weight-too-fine.yml": READ_BY_PROGRAM,
    "rule-threshold-matches-range.yml": READ_BY_PROGRAM,
    "service-policy-expression.yml": READ_BY_PROGRAM,
    "service-policy-form.yml": READ_BY_PROGRAM,
    "service-policy-not.yml": READ_BY_PROGRAM,
    "service-policy-range.yml": READ_BY_PROGRAM,
    "service-policy-twice.yml": READ_BY_PROGRAM,
    "service-server-port.yml": READ_BY_PROGRAM,
    "source-host-unit.yml": READ_BY_PROGRAM,
    "source-postgres-address.yml": READ_BY_PROGRAM,
    "source-postgres-dsn.yml": READ_BY_PROGRAM,
    "source-postgres-password.yml": READ_BY_PROGRAM,
    "source-postgres-queries.yml": READ_BY_PROGRAM,
    "source-postgres-query-name.yml": READ_BY_PROGRAM,
    "source-prometheus-counter.yml": READ_BY_PROGRAM,
    "source-route-expression.yml": READ_BY_PROGRAM,
    "top-long-socket.yml": "a length in bytes",
    "variable-unknown.yml": NAMES,
    "variable-without-text.yml": NAMES,
}
"""Bad files that are wrong by structure, and yet the schema does not say so: why."""


class Core(yaml.SafeLoader):
    """YAML as editors read it (1.2): `yes` is a text, `1:30` too."""


Core.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", "true|false", "tf"),
    ("int", "[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)", "-+.0123456789"),
    ("null", "null|~|", ["n", "~", ""]),
):
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"(?:{pattern})$"), list(first))


def complaints(text: str) -> list[Refused]:
    """What an editor would say of a file, with YAML's own idea of numbers and flags."""
    return list(VALIDATOR.iter_errors(yaml.load(text, Loader=Core)))


def by_structure(text: str) -> Iterator[str]:
    """What the models refuse in one file by itself, where nothing need be complete."""
    tree, _ = parse(text, "f")  # what is no YAML an editor sees by itself
    known = [*keys_of(Top), *SECTIONS, "include", "variables"]
    yield from (key for key in tree.entries if key not in known)
    yield from _refused(Top, {key: plain(entry.value) for key, entry in tree.entries.items() if key in keys_of(Top)})
    for section, model in SECTIONS.items():
        entry = tree.entries.get(section)
        named = entry.value.entries if entry is not None and isinstance(entry.value, Mapping) else {}
        for each in named.values():
            yield from _refused(model, plain(each.value))


def _refused(model: type[Any], value: Any) -> Iterator[str]:
    try:
        model.model_validate(value)
    except ValidationError as error:
        yield from (details["msg"] for details in error.errors() if details["type"] != "missing")


def test_the_published_schema_is_the_languages() -> None:
    """`rollback-watchdog schema > rules/schema.json` writes it anew."""
    assert json.loads(PUBLISHED.read_text()) == json_schema.schema()
    assert PUBLISHED.read_text() == json_schema.text()


def test_it_is_a_schema_of_its_draft() -> None:
    """And says which."""
    Draft202012Validator.check_schema(json_schema.schema())

    assert "https://json-schema.org/draft/2020-12/schema" == json_schema.schema()["$schema"]


@pytest.mark.parametrize("path", [GOOD, *SHIPPED, *(HERE / "presets").glob("*.yml")], ids=lambda path: path.name)
def test_right_files_are_taken(path: Path) -> None:
    """Environments, what they include, and presets."""
    assert [] == complaints(path.read_text())


@pytest.mark.parametrize("path", [GOOD, RULES / "production.yml"], ids=lambda path: path.name)
def test_whatever_is_in_force_is_taken(path: Path) -> None:
    """The canonical text of a file has every key that has a value."""
    assert [] == complaints(text(load(str(path))))


def read_by_yaml(path: Path) -> bool:
    """Whether an editor's YAML can read it; of the others it says so itself."""
    try:
        yaml.load(path.read_text(), Loader=Core)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        return False
    return True


@pytest.mark.parametrize("path", [path for path in BAD if read_by_yaml(path)], ids=lambda path: path.name)
def test_what_the_models_refuse_is_refused(path: Path) -> None:
    """Names, and ranges between keys, are for `check`; everything within one value is for the schema too."""
    content = path.read_text()
    wrong = list(by_structure(content))

    assert (path.name not in BEYOND and bool(wrong)) <= bool(complaints(content)), wrong


def test_no_exception_is_out_of_date() -> None:
    """A file that the schema refuses after all is no exception."""
    assert {} == {name: why for name, why in BEYOND.items() if complaints((HERE / "bad" / name).read_text())}


@pytest.mark.parametrize(
    "text",
    [
        "blind_after: 5",
        "blind_after: [2m]",
        "blind_after:",
        "rules: {a: {probe: {signal: health.up, fall: 0}}}",
        "rules: {a: {probe: {signal: health.up, fall: 1.5}}}",
        "rules: {a: {probe: {signal: health}}}",
        "rules: {a: {probe: {signal: a.up}, trend: {value: a.b, limit: '> 2s'}}}",
        "rules: {A: {on_fire: freeze}}",
        "rules: {a: {no_data: never}}",
        "rules: {a: {no_data: {stale: never}}}",
        "rules: {a: {no_data: {late: ok}}}",
        "rules: {a: {sequential_count: {limit: 2}}}",
        "rules: {a: {spike: {floor: '> 2s'}}}",
        "rules: {a: {always: yes please}}",
        "plans: {a: {bake: 5}}",
        "plans: {a: {steps: []}}",
        "plans: {a: {steps: [{soak: 5m}]}}",
        "plans: {a: {steps: [{weight: 0}]}}",
        "services: {a: {colours: {blue: {server: []}}}}",
        "services: {a: {colours: {blue: {server: 8081}}}}",
        "contacts: {a: {apprise: {credential: a, file: /b}}}",
        "contacts: {a: {apprise: nobody}}",
        "version: 2",
        "include: base.yml",
        "include: [{with: {a: b}}]",
        "include: [{file: a.yml, with: {a: [b]}}]",
        "variables: {colour: red}",
        "variables: {a: [b]}",
        "shadow: yes please",
        "budget: {rollbacks: 0}",
        "budget: few",
        "services: {a: {hooks: {stop: {argv: /bin/stop it}}}}",
        "services: {a: {by_hand: [repair]}}",
        "services: {a: {rollback_with: other}}",
    ],
)
def test_mistakes_of_form_are_seen_in_the_editor(text: str) -> None:
    """While they are written."""
    assert complaints(text)


@pytest.mark.parametrize(
    "text",
    [
        "blind_after: $pause",
        "version: 1",
        "version: '1'",
        "rules: {$name-up: {probe: {signal: $source.up, fall: $fall}, on_fire: $on_fire, always: $always}}",
        "rules: {a: {threshold: {when: '> $limit'}}}",
        "rules: {a: {sequential_ratio: {limit: 0.05}, no_data: hold}}",
        "rules: {a: {no_data: {stale: fire}, always: true}}",
        "plans: {a: {bake: 30m}, b: {bake: {at_least: 30m}}}",
        'services: {a: {policy: "2 of [a, b, c and d]"}}',
        "services: {a: {budget: none}, b: {budget: {rollbacks: none}}, c: {budget: {rollbacks: 3, within: 1h}}}",
        "services: {a: {hooks: {after_rollback: {warm: {argv: [/bin/warm, 3]}}, stop: {argv: [/bin/stop]}}}}",
        "services: {a: {shadow: true, by_hand: {repair: flyway repair}}}\nshadow: $shadow\nbudget: none",
        "services: {a: {colours: {blue: {server: 'a:1'}, green: {server: ['b:1', 'c:2']}}}}",
        "contacts: {a: {apprise: 'mailto://x'}, b: {apprise: {file: /run/b}}}",
        "sources: {health: {health: {path: /x, expect: {status: UP}, headers: {X-A: 5}}}}",
        "sources: {edge: {access_log: {routes: {login: {path: '~^/log', also_bad: [401, '404']}}}}}",
        "include: [a.yml, {file: b.yml, with: {window: 1m, fall: 3}}]\nvariables: {a: 1, b: , c: x}",
    ],
)
def test_what_an_operator_writes_is_taken(text: str) -> None:
    """With numbers and flags as YAML reads them, variables anywhere, and not all keys in one file."""
    assert [] == complaints(text)


def test_every_key_is_described() -> None:
    """An editor shows it; what is required says so."""
    schema = json_schema.schema()
    properties = [each for node in (schema, *schema["$defs"].values()) for each in node.get("properties", {}).items()]

    assert [] == [key for key, each in properties if not {"description", "$ref"} & set(each)]
    assert schema["$defs"]["Rule"]["properties"]["on_fire"]["description"].endswith(" Required.")


def test_defaults_are_spelled_as_in_a_file() -> None:
    """And none stands where a key is left out for something else."""
    rule = json_schema.schema()["$defs"]["Trend"]["properties"]

    assert {"horizon": "1h", "over": "10m", "for": "1m", "clear_for": "5m"} == {
        key: each["default"] for key, each in rule.items() if "default" in each
    }


def test_a_section_says_what_stands_in_it() -> None:
    """An editor shows it at the section's name."""
    said = {key: json_schema.schema()["properties"][key]["description"] for key in ("sources", "rules", "plans")}

    assert "One source: its kind with the kind's keys, and whether a service may do without it." == said["sources"]
    assert said["rules"].startswith("One rule: ")
    assert "The way of a release." == said["plans"]
