"""One command's talk with the daemon: finding the socket, opening the client, telling errors.

What lives here: what every command that talks to the daemon needs. What must not: what a command asks or prints.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from watchdog.cli.options import default_socket
from watchdog.control.client import Client, ControlError
from watchdog.deploy.exits import REFUSED, USAGE, told


def with_client(given: argparse.Namespace, work: Callable[[Client], int]) -> int:
    """Do the work with a client of the daemon that the options name; errors become one sentence and a status."""
    socket = _socket(given)
    if socket is None:
        return USAGE
    service = getattr(given, "service", None) or ""
    try:
        with Client(socket) as client:
            return work(client)
    except ControlError as error:
        status, sentence = told(error, service)
        say_error(sentence)
        return status


def find(view: Mapping[str, Any], service: str) -> Mapping[str, Any] | None:
    """The service in the view; None, and an error said, when the daemon does not have it."""
    known: Mapping[str, Any] | None = view["services"].get(service)
    if known is None:
        there = ", ".join(sorted(view["services"])) or "none"
        say_error(f"there is no service {service!r}; there is {there}")
    elif "deployment" not in known:
        say_error(f"{service} is not in the configuration any more")
        known = None
    return known


def say_error(text: str) -> int:
    """One or two sentences for a person; the status of a refusal."""
    print(f"rollback-watchdog: {text}", file=sys.stderr)
    return REFUSED


def _socket(given: argparse.Namespace) -> Path | None:
    """Where the daemon listens; None, and the errors said, when the file that would tell is wrong."""
    if given.socket is not None:
        return Path(given.socket)
    if given.config is None:
        return default_socket()
    from watchdog.config.compile import compile_
    from watchdog.config.errors import ConfigError
    from watchdog.config.load import load

    try:
        return Path(compile_(load(given.config)).control_socket)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return None
