"""The keys of synthetic requests: what is good, what follows. Their mistakes are in tests/config/bad."""

from pathlib import Path

import pytest

from tests.config.helpers import changed
from watchdog.config.compile import compile_
from watchdog.config.effective import text
from watchdog.config.load import load
from watchdog.config.schema.sources.synthetic import WAITING_AT_MOST, Synthetic
from watchdog.sources.synthetic import OPEN_AT_MOST

OWN = """\
sources:
  own:
    synthetic:
      requests:
        login: {method: POST, path: "/login?as=$colour", body: '{"user": "probe"}', allow_writes: true,
                headers: {X-Key: {credential: key}}, expect: {status: [200, 201], json: {user: {ok: true}}}}
        labs: {path: /labs}
rules:
  logins: {sequential_ratio: {bad: "own.failures[login]", total: "own.requests[login]", limit: 5%}, on_fire: rollback}
services: {app: {rules: [errors, health, logins]}}
"""


def own(folder: Path, more: str = "") -> Synthetic:
    """The source of that file, with some keys more."""
    model = (
        changed(folder, OWN.replace("      requests:", f"      {more}\n      requests:")).sections.sources["own"].model
    )
    assert isinstance(model, Synthetic)
    return model


def test_every_signal_exists_for_each_request(tmp_path: Path) -> None:
    """Counts and seconds, in all and by name, for each colour; none is a probe: that stable answers is not said."""
    signals = own(tmp_path).signals()

    assert {"requests": "count", "failures": "count", "seconds": "gauge"} == {n: s.kind for n, s in signals.items()}
    assert {frozenset({"login", "labs"})} == {spec.members for spec in signals.values()}
    assert {(True, True, False)} == {(spec.bare, spec.per_colour, spec.of_data) for spec in signals.values()}


def test_a_service_leans_on_it_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    """As on every source that asks the colours themselves."""
    source = changed(tmp_path, OWN).sections.sources["own"]

    assert (True, True) == (source.is_required, source.model.PROBING)


def test_the_usual_rhythm_is_two_a_second(tmp_path: Path) -> None:
    """Counted every second; without a deployment a fifth of it."""
    usual = own(tmp_path)
    assert (0.5, 1.0, 2.0) == (usual.every, usual.interval, usual.timeout)
    assert 5.0 == usual.idle_factor

    assert 30.0 == own(tmp_path, "idle_poll: 30s").idle_factor


@pytest.mark.parametrize("more", ["every: 50ms\n      timeout: 1s", "every: 1s", "timeout: 16s"])
def test_the_limits_are_within_reach(tmp_path: Path, more: str) -> None:
    """The shortest and the longest time between two, and as many as may wait."""
    assert {"login", "labs"} == set(own(tmp_path, more).requests)


def test_what_the_file_allows_to_wait_the_source_allows_too() -> None:
    """A healthy server is never failed by the source's own bound."""
    assert WAITING_AT_MOST <= OPEN_AT_MOST


def test_the_canonical_text_loads_to_the_same(tmp_path: Path) -> None:
    """Every form survives, and what must not be shown is not in it."""
    path = tmp_path / "file.yml"
    first = changed(tmp_path, OWN.replace('body: \'{"user": "probe"}\'', "body: {file: /run/login.json}"))
    path.write_text(text(first))

    assert first.sections.sources["own"] == load(str(path)).sections.sources["own"]
    assert '"user"' in OWN
    assert '"user"' not in text(changed(tmp_path, OWN))


def test_the_core_knows_it_as_one_that_sends_requests(tmp_path: Path) -> None:
    """Its passes count for gates."""
    (service,) = compile_(changed(tmp_path, OWN)).environment.services
    source = service.source("own")

    assert ("synthetic", True, True, True, 1.0) == (
        source.kind, source.sends_requests, source.probing, source.required, source.interval,
    )  # fmt: skip
