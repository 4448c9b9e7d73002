from pathlib import Path

import pytest
import yaml

from tests.config.helpers import GOOD, RULES, changed
from watchdog.config.effective import digest, effective, text
from watchdog.config.load import load
from watchdog.config.loaded import Loaded


def rows(loaded: Loaded, prefix: str) -> dict[str, tuple[str, str]]:
    found = ((row.key, row.value, row.origin.rpartition("/")[2]) for row in effective(loaded))
    return {key.removeprefix(prefix): (value, origin) for key, value, origin in found if key.startswith(prefix)}


def test_every_value_has_its_origin(tmp_path: Path) -> None:
    """The file that includes, the included file, or the default."""
    loaded = changed(tmp_path, "rules:\n  errors:\n    sequential_ratio: {ride_out: 5s}\n")

    assert {
        "bad": ("edge.errors", "good.yml:7"),
        "total": ("edge.requests", "good.yml:7"),
        "limit": ("5%", "good.yml:7"),
        "ride_out": ("5s", "changed.yml:4"),
        "dependence": ("independent", "default"),
        "design_effect": ("1", "default"),
    } == rows(loaded, "rules.errors.sequential_ratio.")
    assert ("10s", "default") == rows(loaded, "rules.errors.")["warm_up"]


def test_a_value_of_a_default_group_is_default(tmp_path: Path) -> None:
    """One key of a group that is given leaves the others at their defaults."""
    loaded = changed(tmp_path, "services: {app: {router: {nginx: {entry: {host: his.example}}}}}\n")

    assert {"url": ("http://127.0.0.1/", "default"), "host": ("his.example", "changed.yml:2")} == rows(
        loaded, "services.app.router.nginx.entry."
    )


def test_a_short_form_has_the_place_where_it_stands(tmp_path: Path) -> None:
    """`bake: 20m` is `bake.at_least`, one server is a list of one, one word is for every kind of missing reading."""
    loaded = changed(tmp_path, "plans: {canary: {bake: 20m}}\nrules: {health: {no_data: fire}}\n")

    assert ("20m", "changed.yml:2") == rows(loaded, "plans.canary.")["bake.at_least"]
    assert ("[127.0.0.1:8081]", "good.yml:15") == rows(loaded, "services.app.")["colours.blue.server"]
    assert {("fire", "changed.yml:3")} == set(rows(loaded, "rules.health.no_data.").values())


def test_lists_of_entries_are_counted_from_one() -> None:
    """As in messages."""
    assert ("10%", "good.yml:20") == rows(load(str(GOOD)), "plans.")["canary.steps[1].weight"]


SECRET = "hunter2"


@pytest.fixture
def with_secrets(tmp_path: Path) -> Loaded:
    return changed(
        tmp_path,
        f"contacts: {{chat: {{apprise: 'mailto://u:{SECRET}@m.example'}}, file: {{apprise: {{file: /run/s}}}}}}\n"
        f"sources: {{health: {{health: {{headers: {{X-Token: {SECRET}}}}}}}}}\n",
    )


def test_secrets_are_never_shown(with_secrets: Loaded) -> None:
    """Neither in rows nor in the text for the journal; where they come from is."""
    shown = {row.key: row.value for row in effective(with_secrets)}

    assert SECRET not in str(shown) + text(with_secrets) + repr(with_secrets.sections)
    assert ["***", "{file: /run/s}", "{credential: on-call-url}", "***"] == [
        shown[key]
        for key in (
            "contacts.chat.apprise",
            "contacts.file.apprise",
            "contacts.on-call.apprise",
            "sources.health.health.headers.X-Token",
        )
    ]


@pytest.mark.parametrize("path", [GOOD, RULES / "production.yml", RULES / "demo.yml"])
def test_the_canonical_text_is_a_file_with_the_same_meaning(tmp_path: Path, path: Path) -> None:
    """It loads, without includes and variables, and its own canonical text is the same."""
    canonical = text(load(str(path)))
    again = tmp_path / "again.yml"
    again.write_text(canonical)

    assert canonical == text(load(str(again)))
    assert not {"include", "variables"} & set(yaml.safe_load(canonical))


def test_awkward_texts_survive(tmp_path: Path) -> None:
    """Dollar signs, expressions, nested expectations, names that look like something else."""
    loaded = changed(
        tmp_path,
        "sources:\n"
        "  edge: {access_log: {routes: {labs: {path: '~^/labs$$'}}}}\n"
        "  health: {health: {path: '/$colour', expect: {a: {b: 'null', c: 3, d: 'true'}, e: '$$x'}}}\n",
    )
    again = tmp_path / "again.yml"
    again.write_text(text(loaded))

    assert loaded.sections == load(str(again)).sections


def test_the_digest_is_of_the_meaning(tmp_path: Path) -> None:
    """Another spelling, another order and another file give the same; another value does not."""
    good = digest(text(load(str(GOOD))))
    (tmp_path / "one").mkdir()
    same = changed(tmp_path / "one", "blind_after: 120s\nplans: {canary: {bake: {at_least: 1800s}}}\n")

    assert good == digest(text(same))
    assert good != digest(text(changed(tmp_path, "blind_after: 121s\n")))
