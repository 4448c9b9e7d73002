"""What both programs share before anything heavy is imported: where the socket is, what an exit status means.

What lives here: constants and flags; `argparse` and the standard library only. What must not: any other import, since
`--help` must answer at once.
"""

import argparse
import os
from pathlib import Path
from typing import Final

DEFAULT_SOCKET: Final = "/run/rollback-watchdog/control.sock"
SOCKET_VARIABLE: Final = "ROLLBACK_WATCHDOG_SOCKET"
EXIT_STATUSES: Final = (
    "exit status: 0 done, 1 refused or failed, 2 usage (also: nobody to ask and no --yes), "
    "3 the daemon is not reachable"
)


def default_socket() -> Path:
    """The control socket when no flag names it."""
    return Path(os.environ.get(SOCKET_VARIABLE) or DEFAULT_SOCKET)


def add_socket(parser: argparse.ArgumentParser) -> None:
    """How to find the daemon."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--socket", type=Path, metavar="PATH", help=f"the control socket (${SOCKET_VARIABLE}, else {DEFAULT_SOCKET})"
    )
    where.add_argument("--config", metavar="FILE", help="the environment file that names the control socket")


def add_because(parser: argparse.ArgumentParser) -> None:
    """The reason that is kept in the record."""
    parser.add_argument("--because", metavar="TEXT", help="why, for those who read the record")


def add_yes(parser: argparse.ArgumentParser) -> None:
    """For scripts."""
    parser.add_argument("--yes", action="store_true", help="do not ask; without a terminal it is required")


def requests_per_second(text: str) -> float:
    """A rate above 0, for `argparse`."""
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0.0 < rate < float("inf"):
        raise argparse.ArgumentTypeError(f'found "{text}", wanted requests per second such as 50')
    return rate
