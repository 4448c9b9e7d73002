"""Journals that the program of form 1 wrote: one in a canary, one in a rollback."""

import json
import sqlite3
from pathlib import Path

import pytest

from watchdog.core.model import Colour
from watchdog.core.phases import Phase
from watchdog.core.records import RollbackOrdered
from watchdog.journal.codec import TYPES, VERSION, CodecError, decode_checkpoint
from watchdog.journal.database import NAME
from watchdog.journal.recovery import Recovered, read, recover
from watchdog.journal.store import Store
from watchdog.journal.upgrades import UPGRADES, upgraded

HERE = Path(__file__).parent


def kept(folder: Path, name: str) -> None:
    """The journal of that name, in `folder`."""
    with sqlite3.connect(folder / NAME) as connection:
        connection.executescript((HERE / f"v1-{name}.sql").read_text())
    connection.close()


def recovered(folder: Path, name: str) -> Recovered:
    kept(folder, name)
    store = Store.open(folder, wall=0.0)
    try:
        return recover(store)
    finally:
        store.close()


@pytest.mark.parametrize("name", ["canary", "rollback"])
def test_the_fixtures_are_of_form_1(tmp_path: Path, name: str) -> None:
    """Every record and every checkpoint; otherwise nothing would be shown."""
    kept(tmp_path, name)
    connection = sqlite3.connect(tmp_path / NAME)
    forms = {
        row[0] for table in ("records", "checkpoints") for row in connection.execute(f"SELECT version FROM {table}")
    }
    connection.close()

    assert {1} == forms


@pytest.mark.parametrize("name", ["canary", "rollback"])
def test_every_record_is_read(tmp_path: Path, name: str) -> None:
    """None is set aside, and what people ask the journal they still can."""
    kept(tmp_path, name)

    assert len(read(tmp_path, since_seq=0)) > 50


@pytest.mark.parametrize(("name", "phase"), [("canary", Phase.SOAKING), ("rollback", Phase.ROLLING_BACK)])
def test_the_last_state_is_read(tmp_path: Path, name: str, phase: Phase) -> None:
    """With nothing to tell people."""
    found = recovered(tmp_path, name)

    assert () == found.messages
    assert found.checkpoint is not None
    deployment = found.checkpoint.state.services["shop"].deployment
    assert deployment is not None
    assert (phase, Colour.GREEN, "2.0") == (deployment.phase, deployment.candidate, deployment.release)


def test_a_rollback_that_rules_ordered_counts_for_the_budget(tmp_path: Path) -> None:
    """Form 1 did not say so, and knew no budgets."""
    found = recovered(tmp_path, "rollback")

    assert found.checkpoint is not None
    service = found.checkpoint.state.services["shop"]
    ordered = [each.record.at for each in read(tmp_path, types={RollbackOrdered.__name__})]
    assert service.deployment is not None
    assert service.deployment.rollback is not None
    assert service.deployment.rollback.automatic
    assert (1, tuple(ordered)) == (len(ordered), service.rolled_back_at)


def test_a_humans_rollback_and_none_at_all_do_not_count() -> None:
    """They cost nothing of the budget."""
    rollback = {"by": "ada", "decided_at": 5.0}
    services = {
        "a": {"deployment": {"rollback": rollback}},
        "b": {"deployment": {"rollback": None}},
        "c": {"deployment": None},
    }
    text = json.dumps({"state": {"services": services}})

    assert json.loads(text) == json.loads(upgraded("Checkpoint", 1, 2, text))


def test_what_needs_nothing_is_left_as_it_is() -> None:
    """Also text that is no JSON: whoever reads it says so."""
    assert "{" == upgraded("Observed", 1, 2, "{")
    assert "{" == upgraded("Checkpoint", 2, 2, "{")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"state": {"services": {"a": 5}}}', '{"state": {"services": 5}}'])
def test_damage_is_told_as_damage(text: str) -> None:
    """An upgrade that does not find what it looks for is no mistake of the program."""
    with pytest.raises(CodecError, match="checkpoint: Checkpoint of form 1 is not what it was"):
        decode_checkpoint(text, 1)


def test_every_upgrade_is_of_something_that_was_written() -> None:
    """A class by its name, and a form before this one."""
    assert set() == {kind for kind, _ in UPGRADES} - {*TYPES, "Checkpoint"}
    assert all(1 <= version < VERSION for _, version in UPGRADES)
