"""The commands that change something: look, say before and after, ask, order, tell what came of it.

What lives here: that sequence, and the table from a command to its sentence and its order. What must not: the
sentences (`changes`), the decision (the daemon's).
"""

import argparse
import getpass
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from watchdog.cli import changes
from watchdog.cli.ask import CannotAskError, confirmed
from watchdog.cli.session import find, say_error, with_client
from watchdog.control.client import Client
from watchdog.deploy.exits import DONE, REFUSED, USAGE
from watchdog.text.reasons import refusal

Plain: TypeAlias = Mapping[str, Any]

UNITS_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One command, ready to be asked about."""

    before_and_after: str
    order: Callable[[], object]
    done: str
    """What is true when the daemon has accepted."""


def run(given: argparse.Namespace) -> int:
    """One command; the exit status."""
    wrong = _wrong_time(given)
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
    if text is None or _seconds(text) is not None or (given.command == "waive" and _ends(text)):
        return ""
    ends = ", or 0s to end a waiver" if given.command == "waive" else ""
    return f'--for: found "{text}", wanted a time such as 30m or 2h{ends}'


def _ends(text: str) -> bool:
    return re.fullmatch(r"0+[smhd]?", text.strip()) is not None


def _wants_because(given: argparse.Namespace) -> bool:
    """Orders that are never taken without a reason: they pass something that stands there for safety."""
    match given.command:
        case "promote" | "forgive":
            return True
        case "rollback":
            return bool(given.anyway)
        case "waive":
            return not _ends(given.for_)
        case "stop-the-line":
            return not given.release
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
            span = _seconds(given.for_) if given.for_ else None
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
    return None if service is None else _MAKE[given.command](given, client, service)


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


def _seconds(text: str) -> float | None:
    """Seconds of `90s`, `30m`, `2h`, `1d`; None when it is none of these."""
    matched = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    return float(matched[1]) * UNITS_S[matched[2]] if matched and int(matched[1]) else None


def _pause(given: argparse.Namespace, client: Client, service: Plain) -> Change:
    return Change(
        before_and_after=changes.pause(service),
        order=lambda: client.pause(given.service, because=given.because),
        done=f"{given.service} stands still; rollback-watchdog resume {given.service} lets it go on.",
    )


def _resume(given: argparse.Namespace, client: Client, service: Plain) -> Change:
    return Change(
        before_and_after=changes.resume(service),
        order=lambda: client.resume(given.service, because=given.because),
        done=f"{given.service} goes on as far as nothing else holds it.",
    )


def _promote(given: argparse.Namespace, client: Client, service: Plain) -> Change:
    return Change(
        before_and_after=changes.promote(service),
        order=lambda: client.promote(given.service, because=given.because),
        done=f"The gate of {given.service}'s present step is passed.",
    )


def _rollback(given: argparse.Namespace, client: Client, service: Plain) -> Change:
    return Change(
        before_and_after=changes.rollback(service, getpass.getuser(), anyway=given.anyway),
        order=lambda: client.rollback(given.service, because=given.because, anyway=given.anyway),
        done=f"Ordered. rollback-watchdog status {given.service} --watch shows when it is proved.",
    )


def _abort(given: argparse.Namespace, client: Client, service: Plain) -> Change:
    return Change(
        before_and_after=changes.rollback(service, getpass.getuser()),
        order=lambda: client.abort(given.service, because=given.because),
        done=f"Ordered. rollback-watchdog status {given.service} shows the end.",
    )


def _forgive(given: argparse.Namespace, client: Client, service: Plain) -> Change:
    return Change(
        before_and_after=changes.forgive(service, given.release),
        order=lambda: client.forgive(service["name"], given.release, because=given.because),
        done=f"{given.release} may be deployed again.",
    )


def _waive(given: argparse.Namespace, client: Client, service: Plain) -> Change:
    seconds = 0.0 if _ends(given.for_) else _seconds(given.for_) or 0.0
    again = f"{given.rule} counts again."
    waived = f"{given.rule} counts for nothing for {given.for_}; {changes.ending_waiver(given.service, given.rule)}"
    return Change(
        before_and_after=changes.waive(service, given.rule, seconds),
        order=lambda: client.waive(given.service, given.rule, for_seconds=seconds, because=given.because),
        done=waived if seconds else again,
    )


def _ack(given: argparse.Namespace, client: Client, service: Plain) -> Change:
    return Change(
        before_and_after=changes.acknowledge(service, given.incident),
        order=lambda: client.acknowledge(given.service, incident=given.incident),
        done="You have it; the messages stop.",
    )


def _adopt(given: argparse.Namespace, client: Client, service: Plain) -> Change:
    return Change(
        before_and_after=changes.adopt(service),
        order=lambda: client.adopt(given.service, because=given.because),
        done=f"Adopted; {given.service} takes deployments again.",
    )


_MAKE: Final[Mapping[str, Callable[[argparse.Namespace, Client, Plain], Change]]] = {
    "pause": _pause,
    "resume": _resume,
    "promote": _promote,
    "rollback": _rollback,
    "abort": _abort,
    "forgive": _forgive,
    "waive": _waive,
    "ack": _ack,
    "adopt": _adopt,
}
