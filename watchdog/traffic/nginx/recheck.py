"""The cheap part of the checklist, over and over while a deployment is live and until stable is let go.

What lives here: its order, its deadline, and what an order of ours that is under way excuses. What must not: the checks
themselves (`prepare`, `scratch`). Nothing here changes what users get, and no rollback waits for it.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from watchdog.core.model import Check, Colour
from watchdog.traffic.nginx import scratch
from watchdog.traffic.nginx.prepare import FILES_AS_LEFT, Checklist
from watchdog.traffic.waiting import aside, until

SECONDS: Final = 6.0
"""For all of it: it comes every 10 s."""
_DISK_SECONDS: Final = 2.0
_MOVES: Final = frozenset({FILES_AS_LEFT, scratch.NAME})
"""What our own order changes while it is carried out."""


async def recheck(checklist: Checklist, stable: Colour) -> tuple[Check, ...]:
    """Stable, files, flags' folder, disk, and the scratch brake through nginx, within `SECONDS`.

    What fails while our own order is being carried out is looked at again after it, and is not judged if that takes
    too long.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + SECONDS
    switch = checklist.switch
    while True:
        begun, under_way = switch.begun, switch.under_way
        checks = await _once(checklist, stable, end - loop.time())
        disturbed = under_way or switch.under_way or switch.begun != begun
        if not disturbed or not any(check.name in _MOVES for check in checks if not check.ok):
            return checks
        await until(lambda: not switch.under_way, end - loop.time())
        if switch.under_way or end - loop.time() < SECONDS / 2:
            return tuple(_excused(checks))


def _excused(checks: Iterable[Check]) -> Iterable[Check]:
    for check in checks:
        if check.ok or check.name not in _MOVES:
            yield check
        else:
            yield replace(check, ok=True, detail="not judged now: an order is being carried out")


async def _once(checklist: Checklist, stable: Colour, seconds: float) -> tuple[Check, ...]:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    answers, looked = await asyncio.gather(
        checklist.stable_answers(stable, all_of_them=False), _looked(checklist, min(_DISK_SECONDS, seconds))
    )
    checks = [answers, *looked]
    split = checklist.observer.seen().split
    if split is not None and all(check.ok for check in checks):
        checks.append(await checklist.scratch.check(split, max(0.0, end - loop.time())))
    return tuple(checks)


async def _looked(checklist: Checklist, seconds: float) -> tuple[Check, ...]:
    """What is on disk, looked at beside the loop: a disk that hangs must not hold up a rollback."""

    def look() -> tuple[Check, ...]:
        return checklist.files_as_left(), checklist.brake_folder(), checklist.disk()

    try:
        return await aside(look, seconds)
    except TimeoutError:
        detail = f"{checklist.directory} or {checklist.brake.folder} gave no answer within {seconds:g} s"
        return (Check(name="disk", ok=False, detail=detail),)
