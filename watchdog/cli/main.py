"""`rollback-watchdog`: the daemon and the operator's commands.

What lives here: the argument parser and the table from a command to its module. What must not: work, and imports
beyond `argparse`: each command imports what it needs when it runs, so that `--help` answers at once.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from watchdog.cli.options import EXIT_STATUSES, add_because, add_socket, add_yes, requests_per_second

Run: TypeAlias = Callable[[argparse.Namespace], int]
Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001  # it has no public name

INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its status."""
    try:
        status = _run(parser(arguments).parse_args(arguments))
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(status)


def _run(given: argparse.Namespace) -> int:
    return _COMMANDS[given.command](given)


def parser(arguments: Sequence[str] | None) -> argparse.ArgumentParser:
    """The program as argparse knows it; `arguments` are what will be parsed, None for those of the process."""
    parser = argparse.ArgumentParser(
        prog="rollback-watchdog",
        description="Watch blue/green and canary releases behind a load balancer, and roll them back when they fail.",
        epilog=EXIT_STATUSES,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_daemon(commands)
    _add_screens(commands)
    _add_deployment_commands(commands)
    _add_service_commands(commands)
    _add_way_back_commands(commands)
    _add_environment_commands(commands)
    _add_test(commands, wanted="test" in (sys.argv[1:] if arguments is None else arguments))
    _add_nginx(commands)
    return parser


def _add(commands: Subparsers, name: str, tells: str) -> argparse.ArgumentParser:
    return commands.add_parser(name, help=tells, description=f"{tells[0].upper()}{tells[1:]}.", epilog=EXIT_STATUSES)


def _add_daemon(commands: Subparsers) -> None:
    run = _add(commands, "run", "run the daemon in the foreground, until SIGTERM")
    run.add_argument("--config", required=True, metavar="FILE", help="the environment file")
    run.add_argument("--log", choices=("console", "json"), default="json", help="form of the log (json)")
    run.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="info", help="what is logged (info)"
    )
    check = _add(commands, "check", "check an environment file; every mistake is told, nothing is changed")
    check.add_argument("file", metavar="FILE", help="the environment file")
    check.add_argument("--json", action="store_true", help="as JSON")
    check.add_argument("--live", action="store_true", help="ask every source once, too, and say what it answers")
    check.add_argument("--effective", action="store_true", help="every key in force and where it was written")
    check.add_argument(
        "--traffic", type=requests_per_second, metavar="N", help="requests/s that the detection budget is for (several)"
    )
    _add(commands, "schema", "print the language of environment files as a JSON Schema, for editors")


def _add_screens(commands: Subparsers) -> None:
    status = _add(commands, "status", "show what is deployed, what the rules say, and who is paged")
    status.add_argument("service", nargs="?", metavar="SERVICE", help="this one only")
    status.add_argument("--watch", action="store_true", help="go on showing it, until Ctrl-C")
    status.add_argument("--json", action="store_true", help="as JSON")
    add_socket(status)
    explain = _add(commands, "explain", "show why the last deployment went as it did")
    explain.add_argument("service", metavar="SERVICE")
    explain.add_argument("--why-not", action="store_true", help="why is it not rolled back, at this moment?")
    explain.add_argument("--json", action="store_true", help="as JSON")
    add_socket(explain)


def _changing(commands: Subparsers, name: str, tells: str, *, because: bool = True) -> argparse.ArgumentParser:
    """A command that changes something: it asks, and needs to find the daemon."""
    parser = _add(commands, name, tells)
    add_socket(parser)
    if because:
        add_because(parser)
    add_yes(parser)
    return parser


def _add_deployment_commands(commands: Subparsers) -> None:
    for name, tells in (
        ("pause", "stop progression; rollback stays armed"),
        ("resume", "take away the holds that a human may take away"),
        ("promote", "pass the evidence gate of the present step; --because is wanted"),
        ("abort", "end a deployment; after its first step that is a rollback"),
    ):
        _changing(commands, name, tells).add_argument("service", metavar="SERVICE")
    rollback = _changing(commands, "rollback", "move all traffic to stable")
    rollback.add_argument("service", metavar="SERVICE")
    rollback.add_argument(
        "--anyway", action="store_true", help="pass the interlock that stands in the way; --because is wanted"
    )


def _add_service_commands(commands: Subparsers) -> None:
    forgive = _changing(commands, "forgive", "accept a release again that was rolled back on proof")
    forgive.add_argument("release", metavar="RELEASE")
    forgive.add_argument("--service", metavar="SERVICE", help="only needed when several know it as bad")
    waive = _changing(
        commands, "waive", "take a rule out of the deployment under way for a while; it goes on measuring"
    )
    waive.add_argument("service", metavar="SERVICE")
    waive.add_argument("rule", metavar="RULE")
    waive.add_argument(
        "--for", dest="for_", required=True, metavar="TIME", help="how long, such as 30m; 0s: it counts again at once"
    )
    ack = _changing(commands, "ack", "stop the messages of an incident; changes nothing else", because=False)
    ack.add_argument("service", metavar="SERVICE")
    ack.add_argument("--incident", metavar="ID", help="this one only")
    adopt = _changing(commands, "adopt", "take what the balancer does as the truth")
    adopt.add_argument("service", metavar="SERVICE")


def _add_way_back_commands(commands: Subparsers) -> None:
    """What the program may do by itself, how many users the candidate has, and whether a rollback would work."""
    disarm = _changing(commands, "disarm", "do nothing by itself for a while: no automatic rollback, no divert")
    disarm.add_argument("service", metavar="SERVICE")
    how_long = disarm.add_mutually_exclusive_group(required=True)
    how_long.add_argument("--for", dest="for_", metavar="TIME", help="how long, such as 30m; --because is wanted")
    how_long.add_argument("--end", action="store_true", help="arm it again at once")
    hold = _changing(commands, "hold", "give the candidate a smaller share than its step's, until resume")
    hold.add_argument("service", metavar="SERVICE")
    hold.add_argument("share", metavar="SHARE", help="such as 10%%")
    divert = _changing(commands, "divert", "keep one route's users on stable, or let them go to the candidate again")
    divert.add_argument("service", metavar="SERVICE")
    divert.add_argument("route", metavar="ROUTE", help="a name of the balancer's map")
    divert.add_argument("--end", action="store_true", help="let them go there again")
    did = _changing(commands, "did", "say that a task was done by hand; it is kept in the record")
    did.add_argument("service", metavar="SERVICE")
    did.add_argument("task", metavar="TASK", help="its name in status")
    preflight = _add(commands, "preflight", "look whether a rollback would work; nothing is changed (status 1: not)")
    drill = _changing(
        commands,
        "drill",
        "do every step of a rollback without moving a user, and say how long each took (status 1: one failed)",
        because=False,
    )
    add_socket(preflight)
    for rehearsal in (preflight, drill):
        rehearsal.add_argument("service", metavar="SERVICE")
        rehearsal.add_argument("--json", action="store_true", help="as JSON")


def _add_environment_commands(commands: Subparsers) -> None:
    stop = _changing(commands, "stop-the-line", "stop every automatic action, or let go again")
    stop.add_argument("--release", action="store_true", help="let go again")
    stop.add_argument("--for", dest="for_", metavar="TIME", help="let go by itself after a time such as 30m")
    _changing(
        commands, "reload", "read the environment file again; all of it comes into force, or nothing", because=False
    )


def _add_test(commands: Subparsers, *, wanted: bool) -> None:
    parser = _add(commands, "test", "run scenario tests of rules against recordings")
    if wanted:  # its arguments are its module's own
        from watchdog.cli import test

        test.add_arguments(parser)


def _add_nginx(commands: Subparsers) -> None:
    nginx = _add(commands, "nginx", "show or write what nginx needs")
    actions = nginx.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = _add(actions, "show", "show the lines to change in the real nginx configuration")
    show.add_argument("file", metavar="ENV", help="the environment file")
    write = _add(actions, "write", "write this program's own files into the folder that nginx includes")
    write.add_argument("file", metavar="ENV", help="the environment file")
    add_yes(write)


def _daemon(given: argparse.Namespace) -> int:
    from watchdog.daemon import lifecycle

    return lifecycle.run(given.config, form=given.log, level=given.log_level)


def _check(given: argparse.Namespace) -> int:
    from watchdog.cli import check

    return check.run(given)


def _schema(given: argparse.Namespace) -> int:
    from watchdog.cli import schema

    return schema.run(given)


def _status(given: argparse.Namespace) -> int:
    from watchdog.cli import status

    return status.run(given)


def _explain(given: argparse.Namespace) -> int:
    from watchdog.cli import explain

    return explain.run(given)


def _change(given: argparse.Namespace) -> int:
    from watchdog.cli import commands

    return commands.run(given)


def _rehearse(given: argparse.Namespace) -> int:
    from watchdog.cli import rehearse

    return rehearse.run(given)


def _test(given: argparse.Namespace) -> int:
    from watchdog.cli import test

    return test.run(given)


def _nginx(given: argparse.Namespace) -> int:
    from watchdog.cli import nginx

    return nginx.run(given)


_CHANGES: Final = (
    "pause", "resume", "promote", "rollback", "abort", "forgive", "waive", "ack", "adopt", "stop-the-line", "reload",
    "disarm", "hold", "divert", "did",
)  # fmt: skip

_COMMANDS: Final[Mapping[str, Run]] = {
    "run": _daemon,
    "check": _check,
    "schema": _schema,
    "status": _status,
    "explain": _explain,
    "test": _test,
    "nginx": _nginx,
    "preflight": _rehearse,
    "drill": _rehearse,
    **dict.fromkeys(_CHANGES, _change),
}


if __name__ == "__main__":
    main()
