"""A colour's servers together.

What lives here: one value out of several servers' values. What must not: asking, differences.
"""

from collections.abc import Callable, Mapping, Sequence

from watchdog.core.model import Missing
from watchdog.sources.actuator.answers import Said

_ACROSS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "max": max,
    "sum": sum,
    "mean": lambda values: sum(values) / len(values),
}


def all_up(servers: Mapping[str, Said]) -> Said:
    """1 only if all are; one that is known to be down says more than one that is not known."""
    down = {server: said for server, said in servers.items() if said.value == 0.0}
    unknown = {server: said for server, said in servers.items() if isinstance(said.value, Missing)}
    worst = down or unknown
    if not worst:
        return Said(1.0)
    return Said(next(iter(worst.values())).value, words(servers, worst))


def gauge(servers: Mapping[str, Said], across: str) -> Said:
    """The servers' values by `across`; missing when one of them gave none, for nobody knows what it would have been."""
    unknown = {server: said for server, said in servers.items() if isinstance(said.value, Missing)}
    if unknown:
        return Said(next(iter(unknown.values())).value, words(servers, unknown))
    return Said(_ACROSS[across]([float(said.value) for said in servers.values()]))


def words(servers: Mapping[str, object], some: Mapping[str, Said]) -> str:
    """What some of the servers said; with their addresses when there are several."""
    if len(servers) == 1:
        return next(iter(some.values())).detail
    return "; ".join(f"{server}: {said.detail}" for server, said in some.items())
