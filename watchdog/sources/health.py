"""Asks each colour for its health page: is it there, and does it say what it should?

What lives here: the servers of a colour together, and their readings. What must not: the request itself (`http_probe`),
rules. This is a probing source: a target that refuses, hangs or lies is the value 0 with its error class; Missing only
if the prober itself could not run.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchdog.core.model import Colour, Missing, Reading, Seconds
from watchdog.sources.base import Now
from watchdog.sources.http_probe import STOOD_STILL, HttpProber, HttpTarget, ProbeAnswer


@dataclass(frozen=True, slots=True)
class _Page:
    """One server's health page."""

    prober: HttpProber
    target: HttpTarget


class HealthSource:
    """The health pages of both colours, asked together. A colour is up only if all its servers are."""

    def __init__(
        self, *, name: str, interval: Seconds, targets: Mapping[Colour, Sequence[HttpTarget]], now: Now
    ) -> None:
        """OSError or ssl.SSLError when a CA file cannot be read; httpx.InvalidURL for a URL that is none."""
        self.name = name
        self.interval = interval
        self.deadline: Seconds = max(each.timeout for servers in targets.values() for each in servers) + STOOD_STILL
        self._pages = {
            colour: tuple(_Page(HttpProber(each.url, each.tls, now), each) for each in servers)
            for colour, servers in targets.items()
        }

    async def poll(self) -> tuple[Reading, ...]:
        """`up` (1 or 0) and `seconds` (to the end of the last answer) of every colour."""
        answers = await asyncio.gather(*(self.probe(colour) for colour in self._pages))
        return tuple(
            reading
            for colour, answer in zip(self._pages, answers, strict=True)
            for reading in _readings(colour, answer)
        )

    async def probe(self, colour: Colour) -> ProbeAnswer:
        """Ask one colour's servers now. KeyError if it has no target."""
        pages = self._pages[colour]
        answers = await asyncio.gather(*(page.prober.probe(page.target) for page in pages))
        if len(answers) == 1:
            return answers[0]
        return _together({page.prober.address: answer for page, answer in zip(pages, answers, strict=True)})

    def missing(self) -> tuple[Reading, ...]:
        """What is said when a poll did not end though each probe has a deadline: the prober could not run."""
        detail = "the health prober did not run"
        return tuple(
            Reading(signal=signal, colour=colour, value=Missing.TIMEOUT, detail=detail)
            for colour in self._pages
            for signal in ("up", "seconds")
        )

    async def close(self) -> None:
        """Close the clients."""
        for pages in self._pages.values():
            for page in pages:
                await page.prober.close()


def _together(answers: Mapping[str, ProbeAnswer]) -> ProbeAnswer:
    """The answer of a colour with these servers. One that is known to be down says more than one that is not known."""
    down = {address: answer for address, answer in answers.items() if not answer.ok and answer.missing is None}
    unknown = {address: answer for address, answer in answers.items() if answer.missing is not None}
    return ProbeAnswer(
        ok=not down and not unknown,
        refused=all(answer.refused for answer in answers.values()),
        detail="; ".join(f"{address}: {answer.detail}" for address, answer in (down or unknown).items()),
        started=min(answer.started for answer in answers.values()),
        ended=max(answer.ended for answer in answers.values()),
        missing=None if down else next((answer.missing for answer in unknown.values()), None),
    )


def _readings(colour: Colour, answer: ProbeAnswer) -> tuple[Reading, Reading]:
    up: float | Missing = float(answer.ok)
    seconds: float | Missing = answer.ended - answer.started
    if answer.missing is not None:
        up = seconds = answer.missing
    elif not answer.ok:
        seconds = Missing.TIMEOUT if "timeout: " in answer.detail else Missing.ERROR
    return (
        Reading(signal="up", colour=colour, value=up, detail=answer.detail),
        Reading(signal="seconds", colour=colour, value=seconds, detail=answer.detail),
    )
