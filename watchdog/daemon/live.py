"""Asking every source of an environment once, for `check --live`: what a file cannot show.

What lives here: making the sources, asking them side by side, and what only several of them show together. What must
not: starting anything that stays, any one kind of source. A running daemon is asked for what it alone knows.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from watchdog.config.adapters import Compiled, ServiceSettings
from watchdog.config.sources.translate import SourceSettings
from watchdog.control.client import Client, ControlError
from watchdog.core.model import Colour
from watchdog.daemon import adapters
from watchdog.daemon.sources import build
from watchdog.daemon.sources.build import Reveal
from watchdog.sources.base import Finding
from watchdog.sources.edge_socket import queue_warning

EXAMINE_WITHIN_S = 15.0
"""A source that has not been looked at by then is left."""

LOST_AT_MOST = 0.001
"""A larger part of the balancer's lines lost is worth a look: a share near its limit could be off by as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was found of one source of one service; of the whole environment when `service` is empty."""

    service: str
    source: str
    findings: tuple[Finding, ...]


async def examine(compiled: Compiled, reveal: Reveal) -> tuple[Asked, ...]:
    """Ask every source of every service, and look at the access log's way. Never raises for what a source does."""
    known = await adapters.addresses(compiled)
    polled = await asyncio.gather(
        *(_source(service, settings, reveal) for service in compiled.services for settings in service.sources)
    )
    servers = [Asked(service=each.name, source="servers", findings=_servers(each, known)) for each in compiled.services]
    edge = Asked(service="", source="access log", findings=await asyncio.to_thread(_access_log, compiled))
    return (edge, *servers, *polled)


async def _source(service: ServiceSettings, settings: SourceSettings, reveal: Reveal) -> Asked:
    try:
        source = build.source(settings, time.monotonic, reveal)
    except (OSError, ValueError) as error:
        found: tuple[Finding, ...] = (Finding(ok=False, what=f"cannot be set up: {error}"),)
        return Asked(service=service.name, source=settings.name, findings=found)
    try:
        async with asyncio.timeout(EXAMINE_WITHIN_S):
            found = await source.examine()
    except TimeoutError:
        found = (Finding(ok=False, what=f"no answer within {EXAMINE_WITHIN_S:.0f} s"),)
    except Exception as error:  # noqa: BLE001 - what a server lies must not cost the other sources' findings
        found = (Finding(ok=False, what=f"could not be looked at: {type(error).__name__}: {error}"),)
    finally:
        await source.close()
    return Asked(service=service.name, source=settings.name, findings=found)


def _servers(service: ServiceSettings, known: Mapping[str, Sequence[str]]) -> tuple[Finding, ...]:
    """Every name leads somewhere, and the colours do not lead to the same place."""
    found: list[Finding] = []
    where: dict[Colour, set[str]] = {}
    for colour, named in adapters.servers(service).items():
        for server in named:
            addresses = known.get(server, ())
            where.setdefault(colour, set()).update(addresses)
            if not addresses:
                found.append(
                    Finding(ok=False, what=f"{server} of {colour} has no address", remedy="nginx would not start")
                )
    both = sorted(where.get(Colour.BLUE, set()) & where.get(Colour.GREEN, set()))
    if both:
        what = f"blue and green are the same server, {', '.join(both)}"
        found.append(Finding(ok=False, what=what, remedy="a rollback would change nothing; give each colour its own"))
    if not found:
        found.append(Finding(ok=True, what="every server has an address, and no two colours share one"))
    return tuple(found)


def _access_log(compiled: Compiled) -> tuple[Finding, ...]:
    """Whether lines can be lost on their way, and what the running daemon has lost."""
    warning = queue_warning()
    queue = Finding(ok=True, what="the kernel's queue is long enough for the balancer's lines")
    found = [Finding(ok=None, what=warning) if warning else queue]
    try:
        with Client(Path(compiled.control_socket)) as client:
            found.extend(lines(client.status().get("edge") or {}))
    except ControlError:
        found.append(Finding(ok=None, what="no daemon runs here, so nobody knows whether lines are lost"))
    return tuple(found)


def lines(edge: Mapping[str, int]) -> list[Finding]:
    """What a daemon has received of the balancer's lines since it started."""
    received, lost = edge.get("received", 0), edge.get("lost", 0)
    if not received:
        remedy = "is the balancer's configuration in place? rollback-watchdog nginx show ENV prints its lines"
        return [Finding(ok=None, what="the daemon has not received a line of the balancer yet", remedy=remedy)]
    share = lost / (received + lost)
    said = f"{received:,} lines received since the daemon started, about {lost:,} lost"
    found = [
        Finding(ok=share <= LOST_AT_MOST, what=said, remedy="" if share <= LOST_AT_MOST else "see the queue above")
    ]
    if edge.get("unreadable", 0):
        found.append(Finding(ok=False, what=f"{edge['unreadable']:,} lines could not be read", remedy=_FORMAT))
    return found


_FORMAT = "another log_format writes to our socket; it must be rwd1 alone"
