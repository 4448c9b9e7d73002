"""`status`: what is deployed, what the rules say, what holds it, whether a rollback is ready, who is paged.

What lives here: the command, and `--watch`. What must not: the lines themselves (`screens`).
"""

import argparse
import json
import sys
import time

from watchdog.cli.screens import Look, changes_of, render
from watchdog.cli.session import find, with_client
from watchdog.control.client import Client
from watchdog.deploy.exits import DONE, INTERRUPTED, REFUSED
from watchdog.deploy.terminal import Paint, Screen, width_of


def run(given: argparse.Namespace) -> int:
    """Show it once, or go on showing it; the exit status."""
    return with_client(given, lambda client: _watch(given, client) if given.watch else _once(given, client))


def look_at_stdout() -> Look:
    """As the terminal is now; its width may change while one looks."""
    return Look(width=width_of(sys.stdout), paint=Paint(sys.stdout))


def _once(given: argparse.Namespace, client: Client) -> int:
    view = client.status()
    if given.service is not None and find(view, given.service) is None:
        return REFUSED
    if given.json:
        print(json.dumps(view if given.service is None else view["services"][given.service], indent=2))
        return DONE
    print("\n".join(render(view, given.service, look_at_stdout())))
    return DONE


def _watch(given: argparse.Namespace, client: Client) -> int:
    """Redraw in place with every change, or print a line per change; Ctrl-C ends it."""
    if given.service is not None and find(client.status(), given.service) is None:
        return REFUSED
    with Screen(sys.stdout) as screen:
        try:
            _follow(given, client, screen)
        except KeyboardInterrupt:
            screen.leave()
            return INTERRUPTED
    return DONE


def _follow(given: argparse.Namespace, client: Client, screen: Screen) -> None:
    paint = Paint(sys.stdout)
    told: dict[str, str] = {}

    def lost(seconds: float) -> None:
        text = "the daemon does not answer; what is in force stays in force, trying again"
        screen.draw([paint(text, "warn")], change=text)
        time.sleep(seconds)

    for event in client.events(sleep=lost):
        view = event.get("view")
        if view is None:
            continue
        if given.json:
            print(json.dumps(view if given.service is None else view["services"].get(given.service)), flush=True)
            continue
        if screen.live:
            screen.draw(render(view, given.service, look_at_stdout()), change="")
            continue
        for name, line in changes_of(view, given.service).items():
            if told.get(name) != line:
                told[name] = line
                screen.draw([], change=line)
