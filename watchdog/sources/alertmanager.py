"""Asks an Alertmanager which alerts fire now.

What lives here: the request, its limits, and what its answer means. What must not: rules, PromQL. This is a querying
source: a server that refuses, hangs or lies leaves the readings missing. No alert is an answer of its own, and yet
silence of a dead Prometheus looks the same: an alert that always fires (`heartbeat`) tells the two apart.
"""

import asyncio
import json
import ssl
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import httpx

from watchdog.core.model import Colour, Missing, Reading, Seconds
from watchdog.outside.resolve import Resolver
from watchdog.sources.base import Finding
from watchdog.sources.health_errors import ProberError, classify
from watchdog.sources.http_probe import STEP_SHARE, agent

LARGEST_BODY_BYTES = 4 * 1024 * 1024
"""Some thousands of alerts."""

STOOD_STILL: Seconds = 1.0  # what ends this long after its timeout was in a process that did not run

_WANTED_STATE = {"active": "true", "silenced": "false", "inhibited": "false", "unprocessed": "false"}


class AlertmanagerError(Exception):
    """The server did not say which alerts fire."""

    def __init__(self, kind: Missing, words: str) -> None:
        super().__init__(words)
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertmanagerTarget:
    """Where the server is, and which alerts are meant."""

    url: str
    timeout: Seconds
    filters: Mapping[Colour | None, Sequence[str]]
    """Conditions on labels, per colour or once for both."""
    heartbeat: Sequence[str] = ()
    """Of the alert that always fires; empty when there is none."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class AlertmanagerSource:
    """The alerts of one server that fire: `firing`, their number, and `clear`, whether there is none."""

    def __init__(self, *, name: str, interval: Seconds, target: AlertmanagerTarget, client: httpx.AsyncClient) -> None:
        """`client` is the source's own, with the trust that the server needs; it is closed with it."""
        self.name = name
        self.interval = interval
        self.deadline: Seconds = target.timeout + STOOD_STILL
        self._target = target
        self._client = client
        self._url = httpx.URL(f"{target.url}/api/v2/alerts")
        self._resolver = Resolver(self._url.host, self._url.port or (443 if self._url.scheme == "https" else 80))

    async def poll(self) -> tuple[Reading, ...]:
        """Both signals of every colour. One answer that is missing leaves all of them missing."""
        try:
            beats, counts = await self._all()
        except AlertmanagerError as error:
            return self._missing(error.kind, str(error))
        if self._target.heartbeat and not beats:
            return self._missing(Missing.STALE, _silent(self._target))
        return tuple(reading for colour, names in counts.items() for reading in _readings(colour, names))

    def missing(self) -> tuple[Reading, ...]:
        """What is said when a poll did not end though each request has a deadline."""
        return self._missing(Missing.TIMEOUT, f"no complete answer within {self._target.timeout:g} s")

    async def examine(self) -> tuple[Finding, ...]:
        """Whether it answers, what fires now, and whether silence would be noticed."""
        try:
            beats, counts = await self._all()
        except AlertmanagerError as error:
            return (Finding(ok=False, what=f"cannot be asked: {error}", remedy="is url right, and is it reachable?"),)
        found = [_finding(colour, names, beats) for colour, names in counts.items()]
        if not self._target.heartbeat:
            remedy = "wanted heartbeat: [alertname=NAME], an alert with the expression vector(1)"
            what = "without a heartbeat a dead Prometheus looks like no alert"
            found.append(Finding(ok=None, what=what, remedy=remedy))
        elif not beats:
            found.append(Finding(ok=False, what=_silent(self._target), remedy="is Prometheus running?"))
        return tuple(found)

    async def close(self) -> None:
        """Close the client, and let go of the lookup's thread."""
        self._resolver.close()
        await self._client.aclose()

    async def _all(self) -> tuple[list[str], dict[Colour | None, list[str]]]:
        """The names of the alerts that always fire, and of those that fire now, by colour."""
        target = self._target
        questions = [*target.filters.values(), *((target.heartbeat,) if target.heartbeat else ())]
        try:
            async with asyncio.timeout(target.timeout):
                answers = await self._answers(questions)
        except TimeoutError:
            words = f"no complete answer within {target.timeout:g} s"
            raise AlertmanagerError(Missing.TIMEOUT, words) from None
        beats = answers[-1] if target.heartbeat else []
        return beats, dict(zip(target.filters, answers, strict=False))

    async def _answers(self, questions: Sequence[Sequence[str]]) -> list[list[str]]:
        """What each question leads to. When one fails the others are not waited for, and do not go on."""
        addresses = await self._addresses()
        asked = [asyncio.ensure_future(self._alerts(addresses, filters)) for filters in questions]
        try:
            return await asyncio.gather(*asked)
        finally:
            for each in asked:
                each.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

    async def _addresses(self) -> list[str]:
        """Looked up here: the client would do it in threads that are joined at exit."""
        try:
            return await self._resolver.addresses(self._target.timeout * STEP_SHARE)
        except TimeoutError:
            raise AlertmanagerError(Missing.TIMEOUT, f"dns: no answer about {self._url.host} in time") from None
        except OSError as error:
            raise _translated(error, self._target.timeout) from error

    async def _alerts(self, addresses: Sequence[str], filters: Sequence[str]) -> list[str]:
        """The names of the active alerts that meet the conditions, by the first address that does not refuse."""
        refused: AlertmanagerError | None = None
        for address in addresses:
            try:
                return await self._alerts_at(address, filters)
            except (httpx.HTTPError, OSError) as error:
                refused = _translated(error, self._target.timeout)
                if not str(refused).startswith(("refused: ", "unreachable: ")):
                    raise refused from error
        raise refused or AlertmanagerError(Missing.ERROR, "no address")

    async def _alerts_at(self, address: str, filters: Sequence[str]) -> list[str]:
        params: list[tuple[str, str | int | float | bool | None]] = [*_WANTED_STATE.items()]
        params += [("filter", each) for each in filters]
        url = self._url.copy_with(host=address)
        extensions = {"sni_hostname": self._url.host}
        async with AsyncExitStack() as stack:
            request = self._client.build_request("GET", url, params=params, extensions=extensions)
            own = {"Host": self._url.netloc.decode("ascii"), "Accept-Encoding": "identity", "User-Agent": agent()}
            request.headers.update({**own, **self._target.headers})
            response = await self._client.send(request, stream=True, follow_redirects=False)
            stack.push_async_callback(response.aclose)
            return _named(response.status_code, await _body(response))

    def _missing(self, kind: Missing, detail: str) -> tuple[Reading, ...]:
        return tuple(
            Reading(signal=signal, colour=colour, value=kind, detail=detail)
            for colour in self._target.filters
            for signal in ("firing", "clear")
        )


async def _body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > LARGEST_BODY_BYTES:
            raise AlertmanagerError(Missing.ERROR, f"its answer has over {LARGEST_BODY_BYTES // 2**20} MiB")
    return bytes(body)


def _named(status: int, body: bytes) -> list[str]:
    if status != httpx.codes.OK:
        where = " to another address, which is not followed" if 300 <= status < 400 else ""  # noqa: PLR2004 - HTTP's redirects
        raise AlertmanagerError(Missing.ERROR, f"status {status}{where}{_said(body)}")
    try:
        alerts = json.loads(body)
        return [str(alert["labels"].get("alertname", "")) for alert in alerts if alert["status"]["state"] == "active"]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise AlertmanagerError(Missing.ERROR, "its answer is not a list of alerts") from None


def _said(body: bytes) -> str:
    """The reason that a refusal gives, when it is short and plain."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return f": {said[:120]}" if isinstance(said, str) else ""


def _translated(error: Exception, timeout: Seconds) -> AlertmanagerError:
    try:
        failure = classify(error)
    except ProberError as own:
        return AlertmanagerError(Missing.ERROR, str(own))
    if failure.kind == "timeout":
        return AlertmanagerError(Missing.TIMEOUT, f"no complete answer within {timeout:g} s")
    return AlertmanagerError(Missing.ERROR, str(failure))


def _readings(colour: Colour | None, names: Sequence[str]) -> tuple[Reading, Reading]:
    detail = _which(names)
    return (
        Reading(signal="firing", colour=colour, value=float(len(names)), detail=detail),
        Reading(signal="clear", colour=colour, value=0.0 if names else 1.0, detail=detail),
    )


def _which(names: Sequence[str]) -> str:
    return ", ".join(sorted(set(names)))


def _finding(colour: Colour | None, names: Sequence[str], beats: Sequence[str]) -> Finding:
    of = "" if colour is None else f" of {colour}"
    if same := set(names) & set(beats):
        what = f"the heartbeat {_which(list(same))} is one of the alerts{of} that are meant, so clear is never 1"
        return Finding(ok=False, what=what, remedy=f"add alertname!={_which(list(same))} to matchers")
    if names:
        some = f"1 alert{of} fires" if len(names) == 1 else f"{len(names)} alerts{of} fire"
        return Finding(ok=None, what=f"{some} now: {_which(names)}", remedy="a rule on it would fire, too")
    return Finding(ok=True, what=f"no alert{of} fires")


def _silent(target: AlertmanagerTarget) -> str:
    return f"the heartbeat {{{', '.join(target.heartbeat)}}} does not fire: nobody evaluates alerts"


def client(*, verify: ssl.SSLContext | bool, timeout: Seconds) -> httpx.AsyncClient:
    """A client with this trust, and nothing of what the environment says."""
    return httpx.AsyncClient(verify=verify, trust_env=False, timeout=timeout)
