"""Asks each colour for its health page: is it there, and does it say what it should?

What lives here: the servers of a colour together, and their readings. What must not: the request itself (`http_probe`),
rules. This is a probing source: a target that refuses, hangs or lies is the value 0 with its error class; Missing only
if the prober itself could not run.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchdog.core.model import Colour, Missing, Reading, Seconds
from watchdog.sources.base import Finding, Now
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

    async def examine(self) -> tuple[Finding, ...]:
        """Every server's page once, and what was answered."""
        asked = [(colour, page) for colour, pages in self._pages.items() for page in pages]
        answers = await asyncio.gather(*(page.prober.probe(page.target) for _, page in asked))
        told = list(zip(asked, answers, strict=True))
        running = {colour for (colour, _), answer in told if not answer.refused}
        return tuple(
            _finding(f"{colour} at {page.prober.address}", page.target, answer, alone=not running <= {colour})
            for (colour, page), answer in told
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


_REMEDIES: Mapping[str, str] = {
    "refused": "start it, or correct the server's address",
    "timeout": "make the page faster, or timeout longer: as it is the server counts as down",
    "tls": "wanted tls: {ca: /PATH} or tls: {server_name: NAME}, or another certificate",
    "dns": "correct the server's name, or this machine's resolver",
    "unreachable": "look at the way there: routes and firewalls",
    "status": "wanted a path that answers so, or expect: STATUS",
    "redirect": "wanted the path that it leads to, or a header that the page asks for",
    "body": "mend the application, or say in expect what it answers",
    "too_large": "wanted a page for health checks alone",
}
"""What would be right, by the class of the failure."""


def _finding(who: str, target: HttpTarget, answer: ProbeAnswer, *, alone: bool) -> Finding:
    """One server's answer. `alone`: the other colour runs, so this one may be what waits for the next release."""
    took = answer.ended - answer.started
    if answer.missing is not None:
        return Finding(ok=False, what=f"{who} could not be asked: {answer.detail}", remedy="see this host's limits")
    if answer.refused and alone:
        what = f"{who} does not run: {answer.detail}"
        return Finding(ok=None, what=what, remedy="start it before a release goes there")
    if not answer.ok:
        remedy = _REMEDIES.get(answer.detail.partition(":")[0], "is it the application that listens there?")
        return Finding(ok=False, what=f"{who} is not healthy: {answer.detail}", remedy=remedy)
    said = f"{who} is healthy: {answer.status} after {took:.2f} s"
    if took > target.timeout / 2:
        return Finding(ok=None, what=said, remedy=f"timeout: {target.timeout:g}s leaves it little; a longer one")
    return Finding(ok=True, what=said)
