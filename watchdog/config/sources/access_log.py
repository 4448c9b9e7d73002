"""The access log in plain values.

What lives here: its values and the translation. What must not: how lines are read.
"""

from dataclasses import dataclass

from watchdog.config.schema.sources.access_log import AccessLog


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSettings:
    """A group of paths under one name."""

    name: str
    path: str
    """Beginning of the request paths, or `~` and a regular expression."""
    critical: bool
    long: bool
    """Left out of `slow`."""
    also_bad: tuple[int, ...] = ()
    """Statuses that are bad on this route, judged only against stable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLogSettings:
    """One access-log source."""

    name: str
    slow: float
    routes: tuple[RouteSettings, ...]


def edge_settings(name: str, log: AccessLog) -> AccessLogSettings:
    """The source of that name."""
    routes = tuple(
        RouteSettings(
            name=route, path=model.path, critical=model.critical, long=model.long, also_bad=model.also_bad or ()
        )
        for route, model in log.routes.items()
    )
    return AccessLogSettings(name=name, slow=float(log.slow), routes=routes)
