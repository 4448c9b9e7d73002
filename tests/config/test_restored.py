from pathlib import Path

import pytest

from tests.config.helpers import GOOD, RULES, compiled
from watchdog.config.compile import compile_
from watchdog.config.errors import ConfigError
from watchdog.config.load import load
from watchdog.config.restored import restored, state_folders

LITERALS = """\
contacts:
  chat: {apprise: "json://token@chat.internal"}
  boss: {apprise: "json://boss.internal"}
chat: [chat]
sources:
  metrics: {prometheus: {url: "https://metrics.internal", token: t0ken-of-ours, gauges: {x: max(x)}}}
  health: {health: {headers: {X-Key: {credential: key}}}}
rules:
  x: {threshold: {value: metrics.x, when: "> 1"}, on_fire: freeze}
services:
  app:
    rules: [errors, health, x]
    candidate_after_rollback: stop
    hooks:
      after_rollback: {warm: {argv: [/bin/warm, $$HOME]}, clear: {argv: [/bin/clear]}}
      stop: {argv: [/bin/stop], idempotent: true}
    by_hand: {repair: "flyway -url=$$URL repair # '***'"}
"""


@pytest.mark.parametrize("path", [GOOD, RULES / "production.yml", RULES / "demo.yml"], ids=lambda path: path.name)
def test_a_configuration_comes_back_from_its_text(path: Path) -> None:
    """Whole: what refers to credentials and files loses nothing."""
    before = compile_(load(str(path)))
    after = restored(before.text, before.environment)

    assert ((), ()) == (after.contacts, after.sources)
    assert before.environment == after.compiled.environment
    assert before.text == after.compiled.text
    assert sorted(before.contacts, key=repr) == sorted(after.compiled.contacts, key=repr)
    assert {each.name: each.router for each in before.services} == {
        each.name: each.router for each in after.compiled.services
    }
    assert (before.state, before.control_socket, before.edge_socket) == (
        after.compiled.state,
        after.compiled.control_socket,
        after.compiled.edge_socket,
    )


def test_what_a_secret_in_the_file_was_for_is_left_out_and_named(tmp_path: Path) -> None:
    """The text has stars in its place; nobody is sent stars."""
    before = compiled(tmp_path, LITERALS)
    after = restored(before.text, before.environment)

    assert (("boss", "chat"), ("metrics",)) == (after.contacts, after.sources)
    assert ["on-call"] == [contact.name for contact in after.compiled.contacts]
    (service,) = after.compiled.services
    assert ["health"] == [source.name for source in service.sources]
    assert "***" not in repr(after.compiled.services[0].sources)
    assert before.environment == after.compiled.environment


def test_hooks_keep_their_order_and_their_arguments(tmp_path: Path) -> None:
    """The text is sorted by name; the core's environment is as it was recorded."""
    before = compiled(tmp_path, LITERALS)
    after = restored(before.text, before.environment).compiled

    assert ["warm", "clear"] == [hook.name for hook in after.environment.services[0].after_rollback]
    assert sorted(before.services[0].hooks, key=lambda hook: hook.name) == sorted(
        after.services[0].hooks, key=lambda hook: hook.name
    )
    assert "flyway -url=$URL repair # '***'" == after.environment.services[0].tasks[0].command


def test_a_text_that_this_program_cannot_read_is_refused() -> None:
    """A newer language, or damage."""
    environment = compile_(load(str(GOOD))).environment

    with pytest.raises(ConfigError, match="version"):
        restored("version: 9", environment)


def test_the_state_folder_is_looked_for_where_it_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the file and what it includes, in a file that is no YAML, where systemd says, in the usual place."""
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    usual = Path("/var/lib/rollback-watchdog")
    path = tmp_path / "a.yml"
    (tmp_path / "base.yml").write_text("state: /srv/base\n")

    assert (usual,) == state_folders(str(tmp_path / "gone.yml"))
    path.write_text("version: 7\nstate: /srv/mine\n")
    assert (Path("/srv/mine"), usual) == state_folders(str(path))
    path.write_text("include: [base.yml]\nversion: [\n")
    assert usual in state_folders(str(path))
    path.write_text("include: [base.yml]\nversion: 7\n")
    assert (Path("/srv/base"), usual) == state_folders(str(path))
    path.write_text("state: /srv/mine # here\nservices: {a: [}\n")
    assert (Path("/srv/mine"), usual) == state_folders(str(path))
    path.write_text("state: mine\n")
    monkeypatch.setenv("STATE_DIRECTORY", "/srv/a:/srv/b")
    assert (Path("/srv/a"), Path("/srv/b"), usual) == state_folders(str(path))
