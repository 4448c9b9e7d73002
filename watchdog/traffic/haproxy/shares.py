"""From a share to whole weights and back: HAProxy takes 0 to 256 per server.

What lives here: the arithmetic. What must not: sockets, which servers there are. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

LARGEST: Final = 256
"""The largest weight of a server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What every server gets, and the share that this really is."""

    of: Mapping[str, int]
    share: float
    """The candidate's."""


def weigh(share: float, candidate: Mapping[str, int], stable: Mapping[str, int]) -> Weights:
    """The weights that come closest to the candidate's share.

    `candidate` and `stable`: each server's weight in HAProxy's configuration; a colour's servers keep their proportions
    to each other as far as whole numbers allow.
    """
    if share in (0.0, 1.0):
        some, none = (candidate, stable) if share else (stable, candidate)
        return Weights(of={**_scaled(some, LARGEST), **dict.fromkeys(none, 0)}, share=share)
    sizes = range(1, LARGEST + 1)
    totals = [sum(_scaled(candidate, size).values()) for size in sizes]
    best: tuple[float, int, int] | None = None
    for size in sizes:
        total = sum(_scaled(stable, size).values())
        wanted = share * total / (1.0 - share)
        index = _nearest(totals, wanted)
        off = abs(totals[index] / (totals[index] + total) - share)
        if best is None or off <= best[0] + 1e-12:  # of equal ones the larger: they mix more evenly
            best = off, index + 1, size
    assert best is not None
    return _made(_scaled(candidate, best[1]), _scaled(stable, best[2]))


def share_of(weights: Mapping[str, int], candidate: Sequence[str], stable: Sequence[str]) -> float | None:
    """The candidate's share by weights; None when nobody has any."""
    theirs = sum(weights[name] for name in candidate)
    total = theirs + sum(weights[name] for name in stable)
    return theirs / total if total else None


def _made(candidate: Mapping[str, int], stable: Mapping[str, int]) -> Weights:
    theirs, others = sum(candidate.values()), sum(stable.values())
    return Weights(of={**candidate, **stable}, share=theirs / (theirs + others))


def _scaled(configured: Mapping[str, int], size: int) -> dict[str, int]:
    """The largest gets `size`, the others in proportion and at least 1; servers configured with 0 count as equal."""
    largest = max(configured.values(), default=0)
    if largest == 0:
        return dict.fromkeys(configured, size)
    return {name: max(1, round(size * weight / largest)) for name, weight in configured.items()}


def _nearest(totals: Sequence[int], wanted: float) -> int:
    return min(range(len(totals)), key=lambda index: abs(totals[index] - wanted))
