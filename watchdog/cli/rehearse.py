"""`preflight` and `drill`: whether a rollback would work, as a checklist with times, and an exit status for pipelines.

What lives here: ordering a rehearsal, waiting for its end, the checklist. What must not: any check (the daemon's).
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from watchdog.cli import changes
from watchdog.cli.ask import CannotAskError, confirmed
from watchdog.cli.session import find, say_error, with_client
from watchdog.control.client import Client, DaemonError
from watchdog.deploy.exits import DONE, REFUSED, USAGE
from watchdog.deploy.terminal import Paint, width_of, wrap
from watchdog.text.quantities import count, duration

Plain: TypeAlias = Mapping[str, Any]

PATIENCE_S: Final = 30.0
"""A daemon that is away for longer while it rehearses is not waited for."""
NAME_WIDTH: Final = 28
TOOK_WIDTH: Final = 8


def run(given: argparse.Namespace) -> int:
    """One rehearsal; 0 when everything is in order, 1 when something is not."""
    return with_client(given, lambda client: _run(given, client))


def _run(given: argparse.Namespace, client: Client) -> int:
    service = find(client.status(), given.service)
    if service is None:
        return REFUSED
    drill = given.command == "drill"
    if drill:
        try:
            if not _go_on(given, service):
                print("Nothing was done.")
                return REFUSED
        except CannotAskError as error:
            print(error, file=sys.stderr)
            return USAGE
    ordered = client.rehearse(given.service, drill=drill)["rehearsal"]
    ended = _wait(client, given.service, ordered)
    if ended is None:
        return say_error(f"another rehearsal of {given.service} has begun meanwhile; ask again")
    if given.json:
        print(json.dumps(ended, indent=2))
    else:
        print("\n".join(checklist(given.service, ended, width_of(sys.stdout), Paint(sys.stdout))))
    return DONE if ended["ok"] else REFUSED


def _go_on(given: argparse.Namespace, service: Plain) -> bool:
    """Ask before the balancer is reloaded; with --json and --yes nothing but the answer is printed."""
    return (given.json and given.yes) or confirmed(changes.drill(service), yes=given.yes)


def _wait(client: Client, service: str, ordered: str) -> Plain | None:
    """How it went; None when another one has taken its place. DaemonError when the daemon stays away."""
    since = time.monotonic()

    def away(seconds: float) -> None:
        if time.monotonic() - since > PATIENCE_S:
            raise DaemonError(f"the daemon went away; rollback-watchdog status {service} tells what is true")
        time.sleep(seconds)

    for event in client.events(sleep=away):
        since = time.monotonic()
        known = event.get("view", {}).get("services", {}).get(service, {}).get("rehearsal")
        if known is None:
            continue
        if known["id"] != ordered:
            return None
        if known["ended"] is not None:
            found: Plain = known
            return found
    return None


def checklist(service: str, rehearsal: Plain, width: int, paint: Paint) -> list[str]:
    """Line by line what was tried, whether it held, how long it took and what was seen; the answer stands last."""
    checks = rehearsal["checks"]
    kind = "drill" if rehearsal["drill"] else "preflight"
    took = duration(rehearsal["ended"] - rehearsal["began"])
    lines = [f"{service}: {kind}, {count(len(checks), 'check')} in {took}"]
    for each in checks:
        lines += _line(each, width, paint)
    return [*lines, *wrap(_answer(rehearsal), width)]


def _line(check: Plain, width: int, paint: Paint) -> Iterator[str]:
    state = paint("ok   ", "good") if check["ok"] else paint("WRONG", "bad")
    took = "" if check["took"] is None else duration(check["took"])
    indent = 2 + 5 + 2 + NAME_WIDTH + TOOK_WIDTH + 2
    detail = wrap(check["detail"], max(width - indent, 20)) if check["detail"] else [""]
    yield f"  {state}  {check['name']:{NAME_WIDTH}}{took:>{TOOK_WIDTH}}  {detail[0]}".rstrip()
    yield from (f"{' ' * indent}{line}" for line in detail[1:])


def _answer(rehearsal: Plain) -> str:
    """The sentence at the end."""
    wrong = [each["name"] for each in rehearsal["checks"] if not each["ok"]]
    if wrong:
        return f"A rollback would not work now: {', '.join(wrong)}."
    if not rehearsal["ok"]:
        return "It could not be shown that a rollback would work; the daemon's log says more."
    if rehearsal["drill"]:
        return "A rollback works: every step was done, and no user was moved."
    return "A rollback would work. drill does every step of it without moving a user."
