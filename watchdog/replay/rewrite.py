"""Writing what happened into the transcripts of a file, and nothing else in it.

What lives here: replacing a block of lines under `transcript:`. What must not: judging; the change is reviewed as code.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from watchdog.replay.scenario import Ran
from watchdog.replay.transcript import lines

_INDENTATION = re.compile(r" *")


def rewrite(path: str, ran: Sequence[Ran]) -> None:
    """Give every scenario that has a `transcript` the one of this run. OSError."""
    text = Path(path).read_text(encoding="utf-8").splitlines()
    # From the end, so that the lines above keep their numbers.
    for each in sorted(ran, key=lambda one: -one.ready.line):
        if each.ready.transcript is not None:
            _replace(text, each.ready.transcript.line - 1, lines(each.simulation.transcript))
    fresh = Path(f"{path}.new")
    fresh.write_text("\n".join(text) + "\n", encoding="utf-8")
    os.replace(fresh, path)  # noqa: PTH105 - as the files of the rest are replaced


def _replace(text: list[str], key: int, happened: Sequence[str]) -> None:
    depth = _depth(text[key])
    end = key + 1
    while end < len(text) and (not text[end].strip() or _depth(text[end]) > depth):
        end += 1
    while end > key + 1 and not text[end - 1].strip():
        end -= 1
    inside = " " * (depth + 2)
    text[key:end] = [f"{' ' * depth}transcript: |2", *(f"{inside}{each}" for each in happened)]


def _depth(line: str) -> int:
    found = _INDENTATION.match(line)
    return len(found[0]) if found else 0
