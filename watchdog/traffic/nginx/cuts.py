"""Cutting one route: a flag per colour and route, which keeps that route's users from the colour and no others.

What lives here: these flags, and whether nginx would see them. What must not: the brake of a whole colour.
A flag that this program did not write was set by a human, and only a human takes it away.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path

from watchdog.core.model import Colour
from watchdog.traffic import files
from watchdog.traffic.base import RouterError
from watchdog.traffic.nginx import render
from watchdog.traffic.nginx.brake import FIRST_LINE
from watchdog.traffic.nginx.observe import Observer


class RouteCuts:
    """The route flags of one service: `brake/SERVICE.COLOUR.ROUTE`."""

    def __init__(
        self,
        setup: render.ServiceNginx,
        directory: Path,
        folder: Path,
        observer: Observer,
        wall: Callable[[], float],
    ) -> None:
        self._setup = setup
        self._directory = directory
        self._folder = folder
        self._observer = observer
        self._wall = wall

    def flag(self, colour: Colour, route: str) -> Path:
        """The file that nginx looks for."""
        return self._folder / f"{self._setup.service}.{colour}.{route}"

    def cut(self, colour: Colour, route: str, note: str) -> float:
        """Set the flag; the wall-clock time from which it holds. RouterError, also where nginx would not see it."""
        self._check(route)
        flag = self.flag(colour, route)
        try:
            if not files.is_file(flag):
                with flag.open("a", encoding="utf-8") as file, contextlib.suppress(OSError):  # an empty flag cuts too
                    file.write(f"{FIRST_LINE}\nroute: {route}\nnote: {' '.join(note.split())}\n")
                flag.chmod(files.READABLE)
        except OSError as error:
            raise RouterError(f"{flag} cannot be set ({error.strerror}); by hand: touch {flag}") from error
        return self._wall()

    def release(self, colour: Colour, route: str) -> float:
        """Take the flag away; the wall-clock time from which users go there again. RouterError for a human's."""
        flag = self.flag(colour, route)
        if flag.exists():
            if not _ours(flag):
                raise RouterError(f"{flag} was set by hand, so it is taken away by hand: rm {flag}")
            _remove(flag)
        return self._wall()

    def clear(self) -> tuple[list[str], list[str]]:
        """Take away what this program set for whichever colour and route: what was removed, and what a human set.

        RouterError.
        """
        removed, by_hand = [], []
        for colour in Colour:
            for flag in sorted(self._folder.glob(f"{self._setup.service}.{colour}.*")):
                if not _ours(flag):
                    by_hand.append(f"{flag} was set by hand: rm it, or find out why it is there")
                else:
                    _remove(flag)
                    removed.append(f"{flag.name} removed")
        return removed, by_hand

    def _check(self, route: str) -> None:
        """That nginx knows the route and looks for its flag. RouterError says what is to be done."""
        server = self._directory / f"{self._setup.service}.server.conf"
        common = self._directory / "rwd-common.http.conf"
        cure = "run rollback-watchdog nginx write, test and reload nginx"
        try:
            written, routes = files.read(server), files.read(common) or ""
            read = self._observer.read_since(max(server.stat().st_mtime, common.stat().st_mtime))
        except (OSError, ValueError) as error:
            raise RouterError(f"{server} cannot be read: {error}") from error
        if written != render.service_server(self._setup, str(self._folder)):
            raise RouterError(f"{server} does not look for flags of routes yet: {cure}")
        known = render.routes_in(routes, self._setup.service)
        if route not in known:
            raise RouterError(f"nginx knows no route {route} of {self._setup.service}, it knows {', '.join(known)}")
        if read is False:
            raise RouterError(f"nginx has not read {self._directory} since it was written: test and reload nginx")


def _ours(flag: Path) -> bool:
    try:
        text = files.read(flag)
    except (OSError, ValueError):
        return False
    return bool(text) and str(text).startswith(FIRST_LINE)


def _remove(flag: Path) -> None:
    try:
        flag.unlink(missing_ok=True)
    except OSError as error:
        raise RouterError(f"{flag} cannot be removed ({error.strerror})") from error
