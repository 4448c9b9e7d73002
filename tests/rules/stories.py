"""The scenarios of shipped rule files as parameters of a test."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest

from watchdog.config.compile import compile_
from watchdog.config.load import load as load_environment
from watchdog.core.settings import Plan, Service
from watchdog.replay.files import Ready, load

RULES: Final = Path(__file__).resolve().parents[2] / "rules"


MUCH: Final = 15_000
"""Rules times seconds of a scenario that is not played every time: some 5 s of a processor."""


def stories(names: Iterable[str]) -> list[Any]:
    """Every scenario of `rules/NAME.test.yml`; those that take long are marked so."""
    files = [RULES / f"{name}.test.yml" for name in names]
    return [_story(path, ready) for path in files for ready in load(str(path))]


def _story(path: Path, ready: Ready) -> Any:
    much = len(ready.service.rules) * float(ready.model.lasts) > MUCH
    return pytest.param(ready, id=f"{path.name}:{ready.name}", marks=[pytest.mark.long] if much else [])


def guarded(path: Path) -> tuple[Service, Plan]:
    """An environment's only service, and its usual plan."""
    environment = compile_(load_environment(str(path))).environment
    (service,) = environment.services
    plan = environment.plan(service.plan)
    assert plan is not None
    return service, plan
