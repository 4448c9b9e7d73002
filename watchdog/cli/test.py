"""`rollback-watchdog test`: run scenarios and say which did not end as expected.

What lives here: arguments, output, the exit code. What must not: running and judging (`watchdog.replay`). Heavy imports
are inside `run`.
"""

import argparse
import json
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.replay.files import Ready
    from watchdog.replay.report import Verdict

EXIT_OK = 0
EXIT_UNEXPECTED = 1
EXIT_UNUSABLE = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="file of scenarios, such as rules/production.test.yml")
    parser.add_argument("--only", metavar="WORD", default="", help="only scenarios with this word in their name")
    parser.add_argument(
        "--write", action="store_true", help="write what happened into every transcript that the files already have"
    )
    parser.add_argument("--verbose", action="store_true", help="also say which scenarios were as expected")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(namespace: argparse.Namespace) -> int:
    """Run the scenarios of every file. 0: all as expected; 1: some not; 2: a file cannot be used."""
    from watchdog.config.errors import ConfigError
    from watchdog.replay import report

    verdicts: list[Verdict] = []
    usable = True
    for path in namespace.files:
        try:
            for verdict in _file(path, namespace):
                verdicts.append(verdict)
                _show(verdict, namespace)
        except ConfigError as error:
            print(error, file=sys.stderr)
            usable = False
    if namespace.json:
        print(json.dumps([_as_json(verdict) for verdict in verdicts], indent=2))
    elif verdicts or usable:
        print(report.summary(verdicts))
    if not usable:
        return EXIT_UNUSABLE
    return EXIT_UNEXPECTED if any(verdict.mismatches for verdict in verdicts) else EXIT_OK


def _file(path: str, namespace: argparse.Namespace) -> "Iterator[Verdict]":
    from watchdog.replay import files

    ready = [each for each in files.load(path) if namespace.only in each.name]
    verdicts = [_one(each) for each in ready]
    if namespace.write:
        from watchdog.replay.rewrite import rewrite

        rewrite(path, [verdict.ran for verdict in verdicts])
        ready = [each for each in files.load(path) if namespace.only in each.name]
        verdicts = [_one(each) for each in ready]
    yield from verdicts


def _one(ready: "Ready") -> "Verdict":
    from watchdog.replay import expectations, report, scenario

    began = time.perf_counter()
    ran = scenario.run(ready)
    return report.Verdict(ran=ran, mismatches=expectations.judge(ran), took=time.perf_counter() - began)


def _show(verdict: "Verdict", namespace: argparse.Namespace) -> None:
    from watchdog.replay import report

    if namespace.json or not (verdict.mismatches or namespace.verbose):
        return
    for text in report.lines(verdict):
        print(text)


def _as_json(verdict: "Verdict") -> dict[str, object]:
    ready = verdict.ran.ready
    return {
        "file": ready.path,
        "line": ready.line,
        "scenario": ready.name,
        "ok": not verdict.mismatches,
        "mismatches": [
            {"key": each.key, "expected": each.expected, "happened": each.happened, "at": each.at}
            for each in verdict.mismatches
        ],
    }
