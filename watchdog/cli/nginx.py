"""`nginx show` and `nginx write`: what nginx needs from this program, and what the operator changes by hand.

What lives here: the commands. What must not: the texts of the files (`traffic.nginx`), reloading nginx, and any change
to the operator's own files.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from watchdog.cli.ask import CannotAskError, confirmed
from watchdog.cli.session import say_error
from watchdog.config.adapters import Compiled, NginxSettings, ServiceSettings
from watchdog.config.compile import compile_
from watchdog.config.errors import ConfigError
from watchdog.config.load import load
from watchdog.core.model import Colour, Split
from watchdog.daemon.adapters import nginx_setup, probe_token
from watchdog.deploy.exits import DONE, REFUSED, USAGE
from watchdog.traffic.nginx.render import RenderError, ServiceNginx
from watchdog.traffic.nginx.setup import write_common, write_service
from watchdog.traffic.nginx.show import ShowResult, show

NO_TOKEN: Final = "0" * 32
"""Showing reads nothing of the probe token, so none is made."""


def run(given: argparse.Namespace) -> int:
    """One action; the exit status."""
    try:
        compiled = compile_(load(given.file))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return REFUSED
    if not _services(compiled):
        print(f"{given.file}: no service has nginx as its router; there is nothing to write or show.", file=sys.stderr)
        return REFUSED
    try:
        return _show(compiled, given.file) if given.action == "show" else _write(given, compiled)
    except (RenderError, OSError) as error:
        return say_error(f"{error}; nothing more was written")


def _services(compiled: Compiled) -> list[tuple[ServiceSettings, NginxSettings]]:
    """Those whose traffic nginx moves."""
    return [(each, each.router) for each in compiled.services if isinstance(each.router, NginxSettings)]


def _write(given: argparse.Namespace, compiled: Compiled) -> int:
    folders = sorted({nginx.directory for _, nginx in _services(compiled)})
    names = ", ".join(service.name for service, _ in _services(compiled))
    told = f"{', '.join(folders)}: the files of {names} are written as {given.file} says; a split in force stays."
    try:
        if not confirmed(told, yes=given.yes):
            print("Nothing was changed.")
            return REFUSED
    except CannotAskError as error:
        print(error, file=sys.stderr)
        return USAGE
    written = [path for folder in folders for path in _write_folder(compiled, folder)]
    for path in written:
        print(f"written  {path}")
    if not written:
        print("Every file is as it should be; nothing was written.")
    print("\n".join(_next(compiled, given.file)))
    return DONE


def _write_folder(compiled: Compiled, folder: str) -> Iterator[Path]:
    """The files of one nginx."""
    state = Path(compiled.state)
    found = [(service, nginx) for service, nginx in _services(compiled) if nginx.directory == folder]
    services = [service for service, _ in found]
    setups = [_setup(state, service) for service in services]
    userid = not found[0][1].own_userid  # the check wants the same of all
    yield from write_common(Path(folder), setups, Path(compiled.edge_socket), userid=userid)
    for service, setup in zip(services, setups, strict=True):
        yield from write_service(Path(folder), setup, state, _first_split(compiled, service.name))


def _setup(state: Path, service: ServiceSettings) -> ServiceNginx:
    return nginx_setup(service, probe_token(state, service.name))


def _first_split(compiled: Compiled, name: str) -> Split:
    """All users on the colour that the file calls stable: how it is before the first deployment."""
    settings = compiled.environment.service(name)
    stable = settings.first_stable if settings is not None else Colour.BLUE
    return Split(stable=stable, candidate=stable.other, weight=0.0, salt="first")


def _next(compiled: Compiled, file: str) -> Iterator[str]:
    reloads = sorted({" ".join(nginx.reload) for _, nginx in _services(compiled)})
    yield "Next"
    yield f"  1. rollback-watchdog nginx show {file}   the lines to change in nginx's own files"
    yield f"  2. test and reload nginx: {'; '.join(reloads)}"
    yield "  3. start the daemon: systemctl enable --now rollback-watchdog"


def _show(compiled: Compiled, file: str) -> int:
    """What to change in each nginx, or why it cannot be served as it is."""
    status = DONE
    for directory, main in sorted({(nginx.directory, nginx.main) for _, nginx in _services(compiled)}):
        found = [each for each in _services(compiled) if (each[1].directory, each[1].main) == (directory, main)]
        result = show(
            main=Path(main),
            directory=Path(directory),
            services=[nginx_setup(service, NO_TOKEN) for service, _ in found],
            socket=Path(compiled.edge_socket),
            drain=max(nginx.drain for _, nginx in found),
            own_userid=found[0][1].own_userid,
        )
        print("\n".join(line.replace(" ENV", f" {file}") for line in _result(main, result)))
        if result.refusals:
            status = REFUSED
    return status


def _result(main: str, result: ShowResult) -> Iterator[str]:
    if result.in_place:
        yield f"{main}: everything is in place."
        yield from (f"  {line}" for line in result.lines)
        return
    if result.refusals:
        yield f"{main}: this comes first; the changes do not help before it is gone."
        yield from (f"  {refusal}" for refusal in result.refusals)
    if result.lines:
        yield f"{main}: make these changes, then test and reload nginx."
        yield from (f"  {line}" for line in result.lines)
