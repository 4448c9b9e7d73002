"""docs/cli.md, made from both programs' own help, so that it says what they do.

What lives here: Markdown from parsers. What must not: wording (the parsers' help has it). Run as a module with the
document's path it writes the document anew.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from watchdog.cli import deploy, main

WIDTH: Final = "100"
"""Columns of the help texts in the document."""

INTRODUCTION: Final = """\
# Commands

Made from the programs' own `--help`: `python -m watchdog.cli.manual docs/cli.md`.

Every command that changes something prints before and after and asks; `--yes` answers for scripts, and without a
terminal and without `--yes` nothing is changed (status 2). An order is kept in the journal with the name of the user at
the other end of the control socket. `$NO_COLOR` turns colours off; narrow terminals are written to line by line.

| status | meaning |
| --- | --- |
| 0 | done; `rollback-deploy`: promoted |
| 1 | refused or failed: the reason and the way out are told; `preflight` and `drill`: a rollback would not work; \
`rollback-deploy`: rolled back or aborted |
| 2 | usage, or nobody to ask and no `--yes` |
| 3 | the daemon is not reachable, or did not answer |
| 130 | ended by Ctrl-C; a deployment that `rollback-deploy` followed goes on |
"""


def text() -> str:
    """The whole document."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = WIDTH  # argparse asks for it
    try:
        return f"{INTRODUCTION}\n" + "\n".join([*_program(main.parser(["test"])), *_program(deploy.parser())])
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before


def _program(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## {parser.prog}\n\n{parser.description}\n"
    for command in _leaves(parser):
        command.epilog = None  # the same everywhere: the introduction has it
        lines = command.format_help().splitlines()
        yield f"### `{command.prog}`\n\n" + "\n".join(f"    {line}".rstrip() for line in lines).rstrip() + "\n"


def _leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The commands that have no commands below them, in their order."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001  # argparse has no public way to list them
    if not below:
        yield parser
    for action in below:
        for command in action.choices.values():
            yield from _leaves(command)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text())
