"""`rollback-deploy`: arguments for the deploy driver.

What lives here: flags and their defaults. What must not: anything that the driver does (`watchdog.deploy.driver`).
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from watchdog.cli.options import DEFAULT_SOCKET, EXIT_STATUSES, SOCKET_VARIABLE, default_socket

INTERRUPTED = 130
SCHEMAS = ("unchanged", "compatible", "incompatible", "unknown")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its status."""
    given = parser().parse_args(arguments)
    try:
        sys.exit(_main(given))
    except KeyboardInterrupt:  # while submitting; whoever follows is told that the daemon goes on
        print(f"Interrupted; rollback-watchdog status {given.service} tells whether the daemon has it.")
        sys.exit(INTERRUPTED)


def _main(given: argparse.Namespace) -> int:
    from watchdog.deploy import driver

    socket = given.socket or default_socket()
    if given.command == "follow":
        return driver.follow_again(given.service, socket)
    order = driver.Order(
        service=given.service,
        release=given.release,
        plan=given.plan,
        schema=given.schema,
        watched_by=given.watched_by,
        because=given.because,
    )
    return driver.run(order, socket, follows=not given.no_follow)


def parser() -> argparse.ArgumentParser:
    """The program as argparse knows it."""
    parser = argparse.ArgumentParser(
        prog="rollback-deploy",
        description="Hand a release over to the rollback-watchdog daemon and follow it. Ctrl-C stops looking, "
        "never the deployment.",
        epilog=f"{EXIT_STATUSES}; 0 means promoted, 1 rolled back, aborted or refused, 130 detached by Ctrl-C",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="submit a release and follow it to its end", epilog=EXIT_STATUSES)
    _common(run)
    run.add_argument("--release", required=True, metavar="R", help="what the candidate colour runs by now")
    run.add_argument("--plan", metavar="P", help="another plan than the service's own")
    run.add_argument(
        "--schema",
        choices=SCHEMAS,
        help="what the release did to the database's schema (left out: unchanged); with incompatible and unknown "
        "nothing is rolled back without a human",
    )
    run.add_argument("--watched-by", metavar="NAME", help="who watches when automatic rollback is off")
    run.add_argument("--because", metavar="TEXT", help="why, for those who read the record")
    run.add_argument("--no-follow", action="store_true", help="return as soon as the daemon has accepted")
    follow = commands.add_parser("follow", help="look on at the deployment under way", epilog=EXIT_STATUSES)
    _common(follow)
    return parser


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--service", required=True, metavar="S", help="the service")
    parser.add_argument(
        "--socket",
        type=Path,
        metavar="PATH",
        help=f"the daemon's control socket (${SOCKET_VARIABLE}, else {DEFAULT_SOCKET})",
    )
