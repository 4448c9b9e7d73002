"""The commands that change something: look, say before and after, ask, order, tell what came of it.

What lives here: that sequence, and the table from a command to its sentence and its order. What must not: the
sentences (`changes`), the decision (the daemon's).
"""

import argparse
import sys
from collections.abc import Mapping
from typing import Any, TypeAlias

from watchdog.cli import changes
from watchdog.cli.ask import CannotAskError, confirmed
from watchdog.cli.orders import MAKE, Change, ends_it, seconds_of, share_of
from watchdog.cli.session import find, say_error, with_client
from watchdog.control.client import Client
from watchdog.deploy.exits import DONE, REFUSED, USAGE
from watchdog.text.reasons import refusal

Plain: TypeAlias = Mapping[str, Any]


def run(given: argparse.Namespace) -> int:
    """One command; the exit status."""
    wrong = _wrong_time(given) or _wrong_share(given)
    if wrong:
        say_error(wrong)
        return USAGE
    if _wants_because(given) and not given.because:
        say_error(refusal("because_wanted", ""))
        return USAGE
    return with_client(given, lambda client: _carry_out(given, client))


def _wrong_time(given: argparse.Namespace) -> str:
    """What is wrong with `--for`, if anything; only a waiver may last 0s, which ends it."""
    text = getattr(given, "for_", None)
    if text is None or seconds_of(text) is not None or (given.command == "waive" and ends_it(text)):
        return ""
    ends = ", or 0s to end a waiver" if given.command == "waive" else ""
    return f'--for: found "{text}", wanted a time such as 30m or 2h{ends}'


def _wrong_share(given: argparse.Namespace) -> str:
    """What is wrong with the share of `hold`, if anything."""
    if given.command != "hold" or share_of(given.share) is not None:
        return ""
    return f'SHARE: found "{given.share}", wanted a percentage such as 10%'


def _wants_because(given: argparse.Namespace) -> bool:
    """Orders that are never taken without a reason: they pass something that stands there for safety."""
    match given.command:
        case "promote" | "forgive":
            return True
        case "rollback":
            return bool(given.anyway)
        case "waive":
            return not ends_it(given.for_)
        case "stop-the-line":
            return not given.release
        case "disarm":
            return not given.end
        case _:
            return False


def _carry_out(given: argparse.Namespace, client: Client) -> int:
    view = client.status()
    change = _of_environment(given, client, view) or _of_service(given, client, view)
    if change is None:
        return REFUSED
    try:
        if not confirmed(change.before_and_after, yes=given.yes):
            print("Nothing was changed.")
            return REFUSED
    except CannotAskError as error:
        print(error, file=sys.stderr)
        return USAGE
    change.order()
    print(change.done)
    return DONE


def _of_environment(given: argparse.Namespace, client: Client, view: Plain) -> Change | None:
    """The commands that name no service."""
    match given.command:
        case "stop-the-line":
            span = seconds_of(given.for_) if given.for_ else None
            return Change(
                before_and_after=changes.stop_the_line(view, release=given.release, span=given.for_),
                order=lambda: client.stop_the_line(release=given.release, for_seconds=span, because=given.because),
                done="The line runs again." if given.release else "The line is stopped.",
            )
        case "reload":
            return Change(
                before_and_after=changes.reload(view),
                order=client.reload,
                done=f"{view['config']} is in force.",
            )
        case _:
            return None


def _of_service(given: argparse.Namespace, client: Client, view: Plain) -> Change | None:
    if given.command in ("stop-the-line", "reload"):
        return None
    name = _who_knows(view, given.release) if given.command == "forgive" and not given.service else given.service
    service = None if name is None else find(view, name)
    return None if service is None else MAKE[given.command](given, client, service)


def _who_knows(view: Plain, release: str) -> str | None:
    """The one service that knows the release as bad; None, and an error said, when there are none or several."""
    knowing = [name for name, each in view["services"].items() if release in each.get("known_bad", ())]
    if len(knowing) == 1:
        return str(knowing[0])
    if knowing:
        say_error(f"{release} is known bad to {', '.join(knowing)}; say which with --service")
    else:
        say_error(f"{release} is not known bad to any service; there is nothing to forgive")
    return None
