"""`check`: is an environment file right, and what does it mean.

What lives here: printing. What must not: any check (`watchdog.config` has them all).
"""

import argparse
import json
import sys
from typing import Any

from watchdog.cli import budget, live
from watchdog.config.adapters import Compiled
from watchdog.config.compile import compile_
from watchdog.config.effective import effective
from watchdog.config.errors import ConfigError
from watchdog.config.load import load
from watchdog.config.loaded import Loaded
from watchdog.deploy.exits import DONE, REFUSED
from watchdog.text.quantities import count


def run(given: argparse.Namespace) -> int:
    """Every mistake, or what is in force; 1 when there is a mistake, in the file or in what a source answers."""
    try:
        loaded = load(given.file)
        compiled = compile_(loaded)
    except ConfigError as error:
        if given.json:
            print(json.dumps({**error.as_json(), "warnings": []}, indent=2))
        else:
            print(error, file=sys.stderr)
        return REFUSED
    found = live.asked(compiled) if given.live else ()
    if given.json:
        print(json.dumps({**_plain(loaded, compiled, given), "live": live.plain(found)}, indent=2))
        return DONE if live.right(found) else REFUSED
    for warning in loaded.warnings:
        print(f"warning: {warning}")
    if given.effective:
        _print_rows(loaded)
    else:
        print("\n".join(budget.lines(budget.budgets(compiled, given.traffic))))
    if given.live:
        print("\n".join(live.screen(found)))
    print(_summary(given.file, loaded, compiled))
    return DONE if live.right(found) else REFUSED


def _plain(loaded: Loaded, compiled: Compiled, given: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {
        "errors": [],
        "warnings": [each.as_json() for each in loaded.warnings],
        "environment": compiled.environment.name,
        "digest": compiled.environment.digest,
        "budget": budget.plain(budget.budgets(compiled, given.traffic)),
    }
    if given.effective:
        found["effective"] = [{"key": row.key, "value": row.value, "origin": row.origin} for row in effective(loaded)]
    return found


def _print_rows(loaded: Loaded) -> None:
    rows = effective(loaded)
    width = max((len(row.key) for row in rows), default=0)
    values = max((len(row.value) for row in rows if len(row.value) < width), default=0)
    for row in rows:
        print(f"{row.key:{width}}  {row.value:{values}}  {row.origin}")


def _summary(file: str, loaded: Loaded, compiled: Compiled) -> str:
    environment = compiled.environment
    rules = {rule.name for service in environment.services for rule in service.rules}
    parts = [count(len(environment.services), "service"), count(len(rules), "rule")]
    parts.append(count(len(loaded.warnings), "warning") if loaded.warnings else "no warnings")
    return f"{file} is right: {environment.name}, {', '.join(parts)} ({environment.digest[:12]})."
