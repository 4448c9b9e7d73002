"""`check --live`: what was found when every source was asked once, for people and for programs.

What lives here: printing. What must not: asking (`watchdog.daemon.live`), judging.
"""

import asyncio
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Any

from watchdog.config.adapters import Compiled
from watchdog.daemon.live import Asked, examine
from watchdog.daemon.wiring import reveal
from watchdog.sources.base import Finding
from watchdog.text.quantities import count

WIDTH = 100
"""Columns of a screen."""

WORDS = {True: "ok", None: "warning", False: "wrong"}
"""How a finding is called."""


def asked(compiled: Compiled) -> tuple[Asked, ...]:
    """Ask every source of the environment once."""
    return asyncio.run(examine(compiled, reveal))


def right(found: Sequence[Asked]) -> bool:
    """Whether nothing is wrong; a warning is not."""
    return all(finding.ok is not False for each in found for finding in each.findings)


def plain(found: Sequence[Asked]) -> list[dict[str, Any]]:
    """For programs."""
    return [
        {
            "service": each.service,
            "source": each.source,
            "is": WORDS[finding.ok],
            "what": finding.what,
            "remedy": finding.remedy,
        }
        for each in found
        for finding in each.findings
    ]


def screen(found: Sequence[Asked]) -> Iterator[str]:
    """For people: one line per finding, wrong ones told with what would be right, then a line of sums."""
    service = None
    width = max((len(each.source) for each in found), default=0)
    for each in found:
        if each.service != service:
            service = each.service
            yield service or "this machine"
        for finding in each.findings:
            beginning = f"  {WORDS[finding.ok]:7}  {each.source:{width}}  "
            yield from wrap(_said(finding), WIDTH, initial_indent=beginning, subsequent_indent=" " * len(beginning))
    findings = [finding for each in found for finding in each.findings]
    wrong = sum(finding.ok is False for finding in findings)
    doubtful = sum(finding.ok is None for finding in findings)
    yield f"{count(len(findings), 'answer')}: {wrong} wrong, {count(doubtful, 'warning')}."


def _said(finding: Finding) -> str:
    return f"{finding.what}; {finding.remedy}" if finding.remedy else finding.what
