"""One order for each command that changes a service: what is said before it, how it is sent, what is true after it.

What lives here: the table from a command to its order, and the reading of times and shares. What must not: asking
(`commands`), the sentences about before and after (`changes`).
"""

import argparse
import getpass
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from watchdog.cli import changes
from watchdog.control.client import Client
from watchdog.text.quantities import weight

Plain: TypeAlias = Mapping[str, Any]

UNITS_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One command, ready to be asked about."""

    before_and_after: str
    order: Callable[[], object]
    done: str
    """What is true when the daemon has accepted."""


def seconds_of(text: str) -> float | None:
    """Seconds of `90s`, `30m`, `2h`, `1d`; None when it is none of these."""
    matched = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    return float(matched[1]) * UNITS_S[matched[2]] if matched and int(matched[1]) else None


def ends_it(text: str) -> bool:
    """Whether it is a time of nothing, which ends what it is given to."""
    return re.fullmatch(r"0+[smhd]?", text.strip()) is not None


def share_of(text: str) -> float | None:
    """A share of `10%`, `10 %`, `12.5%`; None when it is none, or not from 0 to 100 %."""
    matched = re.fullmatch(r"(\d{1,3}(?:\.\d{1,2})?) ?%", text.strip())
    found = float(matched[1]) / 100.0 if matched else None
    return found if found is not None and found <= 1.0 else None


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
    seconds = 0.0 if ends_it(given.for_) else seconds_of(given.for_) or 0.0
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


def _disarm(given: argparse.Namespace, client: Client, service: Plain) -> Change:
    span = 0.0 if given.end else seconds_of(given.for_) or 0.0
    again = f"to end that: rollback-watchdog disarm {given.service} --end"
    return Change(
        before_and_after=changes.disarm(service, span),
        order=lambda: client.disarm(given.service, for_seconds=span, because=given.because),
        done=f"{given.service} is armed." if given.end else f"{given.service} is disarmed for {given.for_}; {again}",
    )


def _hold(given: argparse.Namespace, client: Client, service: Plain) -> Change:
    wanted = share_of(given.share) or 0.0
    return Change(
        before_and_after=changes.hold(service, wanted),
        order=lambda: client.hold(given.service, wanted, because=given.because),
        done=f"Held at {weight(wanted)}; rollback-watchdog resume {given.service} lets it go on.",
    )


def _divert(given: argparse.Namespace, client: Client, service: Plain) -> Change:
    again = f"to end that: rollback-watchdog divert {given.service} {given.route} --end"
    return Change(
        before_and_after=changes.divert(service, given.route, end=given.end),
        order=lambda: client.divert(given.service, given.route, release=given.end, because=given.because),
        done=f"Users of {given.route} go where they are drawn." if given.end else f"Ordered; {again}",
    )


def _did(given: argparse.Namespace, client: Client, service: Plain) -> Change:
    return Change(
        before_and_after=changes.did(service, given.task, getpass.getuser()),
        order=lambda: client.did(given.service, given.task, because=given.because),
        done=f"{given.task} is kept as done.",
    )


MAKE: Final[Mapping[str, Callable[[argparse.Namespace, Client, Plain], Change]]] = {
    "pause": _pause,
    "resume": _resume,
    "promote": _promote,
    "rollback": _rollback,
    "abort": _abort,
    "forgive": _forgive,
    "waive": _waive,
    "ack": _ack,
    "adopt": _adopt,
    "disarm": _disarm,
    "hold": _hold,
    "divert": _divert,
    "did": _did,
}
