"""`explain`: why the last deployment went as it did, or why nothing is rolled back at this moment.

What lives here: the command. What must not: the lines (`stories`, `why_not`), the story itself (the daemon's, from its
journal).
"""

import argparse
import json
import sys

from watchdog.cli.session import find, with_client
from watchdog.cli.stories import told
from watchdog.cli.why_not import why_not
from watchdog.control.client import Client
from watchdog.deploy.exits import DONE, REFUSED
from watchdog.deploy.terminal import width_of


def run(given: argparse.Namespace) -> int:
    """One screen; the exit status."""
    return with_client(given, lambda client: _why_not(given, client) if given.why_not else _why(given, client))


def _why(given: argparse.Namespace, client: Client) -> int:
    story = client.explain(given.service)
    if given.json:
        print(json.dumps(story, indent=2))
    else:
        print("\n".join(told(story, width_of(sys.stdout))))
    return DONE


def _why_not(given: argparse.Namespace, client: Client) -> int:
    view = client.status()
    service = find(view, given.service)
    if service is None:
        return REFUSED
    if given.json:
        print(json.dumps(service, indent=2))
    else:
        print("\n".join(why_not(view, service, width_of(sys.stdout))))
    return DONE
