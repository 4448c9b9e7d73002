"""How long the kinds without a proof take: rows of probes, values beyond a limit, slopes.

Law of the module: as the rules count (`core/rules`), on the mean. Only a probe and a share of counts are moved by the
part of the requests that fail; of a gauge nobody knows what moves it, and the answer begins when it is moved.
"""

import math

from watchdog.core.conditions import Probe, Spike, Threshold, Trend
from watchdog.core.model import Seconds
from watchdog.core.outlook.arrival import arrival
from watchdog.core.outlook.values import NEVER, ONE_SIDED_95, Caveat, Delay, Judged, Part, Piece, Rhythm, Scene

SHORTEST_SUSPICIOUS_ROW = 3
"""`core/rules/probe`: from such a `fall` on the last failure but one is suspicion."""

WORST_OF_20 = math.log(20.0)
"""A waiting time without memory exceeds so many of its means in one of 20 cases."""


def probe(condition: Probe, rhythm: Rhythm, scene: Scene, watched: Seconds) -> Judged:
    """The health page is taken to fail as often as users' requests do."""
    suspected = None
    if condition.fall >= SHORTEST_SUSPICIOUS_ROW:
        suspected = _row(condition.fall - 1, rhythm, scene.share, watched)
    return Judged(decided=_row(condition.fall, rhythm, scene.share, watched), suspected=suspected)


def _row(fall: int, rhythm: Rhythm, share: float, watched: Seconds) -> Delay:
    """`fall` failures in a row, each with probability `share`: (1 - q^k) / (q^k (1 - q)) probes in the mean."""
    if share <= 0.0:
        return _never(Piece.ROW)
    shortest = float(fall - 1)
    probes = fall if share >= 1.0 else (share**-fall - 1.0) / (1.0 - share)
    more = probes - fall  # beyond the shortest row; about geometric
    typical, worst = (shortest + more) * rhythm.poll, (shortest + WORST_OF_20 * more) * rhythm.poll
    row = Part(
        piece=Piece.ROW,
        typical=typical if typical <= watched else NEVER,
        worst=worst if worst <= watched else NEVER,
    )
    # A refusal is known at once, a target that hangs when the time is up.
    return Delay(parts=(*arrival(rhythm), row, Part(piece=Piece.TIMEOUT, typical=0.0, worst=rhythm.timeout)))


def threshold(condition: Threshold, rhythm: Rhythm, scene: Scene) -> Judged:
    """A share of counts within its window, or a gauge."""
    held = _held(condition.for_, rhythm.reading)
    row = _times(condition.matches - 1, rhythm.reading)
    if condition.total is None:
        back = _looking_back(condition.lookback)
        return Judged(decided=Delay(parts=(*arrival(rhythm), *back, *row, *held)), caveats=(Caveat.VALUE,))
    if scene.rate * condition.over < max(condition.min_events, 1):
        return Judged(decided=_never(Piece.WINDOW), caveats=(Caveat.TOO_FEW,))
    window = _filled(condition, scene)
    caveats = (Caveat.TOO_SMALL,) if window.typical == NEVER else ()
    return Judged(decided=Delay(parts=(*arrival(rhythm), window, *row, *held)), caveats=caveats)


def _filled(condition: Threshold, scene: Scene) -> Part:
    """Until the fault fills so much of the window that its share is beyond the limit.

    After t seconds the window holds rate (q t + p0 (over - t)) bad of rate * over requests.
    """
    limit, over = condition.when.limit, condition.over
    rising, missing = scene.share - scene.healthy, (limit - scene.healthy) * over
    if rising <= 0.0 or missing >= rising * over:
        return Part(piece=Piece.WINDOW, typical=NEVER, worst=NEVER)
    spread = ONE_SIDED_95 * math.sqrt(scene.share / scene.rate)
    root = (spread + math.sqrt(spread**2 + 4.0 * rising * max(missing, 0.0))) / (2.0 * rising)
    worst = root**2
    typical = max(missing, 0.0) / rising
    return Part(piece=Piece.WINDOW, typical=typical, worst=worst if worst <= over else NEVER)


def spike(condition: Spike, rhythm: Rhythm) -> Judged:
    """From the moment the value is beyond floor and baseline."""
    back, held = _looking_back(condition.lookback), _held(condition.for_, rhythm.reading)
    return Judged(decided=Delay(parts=(*arrival(rhythm), *back, *held)), caveats=(Caveat.VALUE,))


def trend(condition: Trend, rhythm: Rhythm) -> Judged:
    """From the moment the leak begins: a median slope follows when half of its window is new."""
    window = Part(piece=Piece.WINDOW, typical=condition.over / 2.0, worst=condition.over)
    back, held = _looking_back(condition.lookback), _held(condition.for_, rhythm.reading)
    return Judged(decided=Delay(parts=(*arrival(rhythm), *back, window, *held)), caveats=(Caveat.LEAK,))


def _held(for_: Seconds, reading: Seconds) -> tuple[Part, ...]:
    """`for` ends at a reading, so it lasts a whole number of them."""
    if for_ <= 0.0:
        return ()
    lasts = math.ceil(for_ / reading - 1e-9) * reading
    return (Part(piece=Piece.FOR, typical=lasts, worst=lasts),)


def _times(more: int, reading: Seconds) -> tuple[Part, ...]:
    return (Part(piece=Piece.ROW, typical=more * reading, worst=more * reading),) if more else ()


def _looking_back(lookback: Seconds) -> tuple[Part, ...]:
    """A query over a range follows the fault when it fills some of the range; nobody knows how much."""
    return (Part(piece=Piece.WINDOW, typical=lookback / 2.0, worst=lookback),) if lookback else ()


def _never(piece: Piece) -> Delay:
    return Delay(parts=(Part(piece=piece, typical=NEVER, worst=NEVER),))
