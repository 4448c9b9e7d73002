"""Asks each colour for its health page: is it there, and does it say what it should?

What lives here: the request, its limits, and the classes of failure. What must not: rules. This is a probing source: a
target that refuses, hangs or lies is the value 0 with its error class; Missing only if the prober itself could not run.

Every poll makes a new connection: an application that answers on old connections and accepts no new one is down
for new users. The body is read to its end within the deadline and a bound, also when nothing is expected of it.
"""

import asyncio
import json
import math
import ssl
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from watchdog.core.model import Colour, Missing, Reading, Seconds
from watchdog.sources.base import Now
from watchdog.sources.health_errors import Failure, ProberError, classify
from watchdog.sources.resolve import Resolver

LARGEST_BODY_BYTES = 256 * 1024  # a health page is some hundred bytes
STEP_SHARE = 0.9  # of the timeout for name and handshake alone: ended by themselves they say what hung, and let go
STOOD_STILL: Seconds = 1.0  # a probe that ends this long after its timeout was in a process that did not run
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "Connection": "close"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How a target's certificate is judged."""

    verify: bool = True
    ca: Path | None = None
    """A file of certificates to trust instead of the system's."""
    server_name: str = ""
    """The name to ask for and to find in the certificate, when it is not the URL's host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthTarget:
    """Where one server's health page is, and what it must say."""

    url: str
    timeout: Seconds = 2.0
    """For everything together: name, connection, TLS, answer and body."""
    status: int = 200
    expect: Mapping[str, Any] = field(default_factory=dict)
    """Keys that the JSON body must have with these values; nested mappings are looked into."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tls: Tls = field(default_factory=Tls)
    largest_body: int = LARGEST_BODY_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAnswer:
    """How one direct probe ended."""

    ok: bool
    refused: bool
    """The target's host answers and nothing listens: it serves nobody. Of a colour: so do all its servers."""
    detail: str
    """Error class and words; empty when ok. With several servers, the address before it."""
    started: Seconds
    ended: Seconds
    missing: Missing | None = None
    """Why the prober itself could not run; then `ok` means nothing."""


class HealthSource:
    """The health pages of both colours, asked together. A colour is up only if all its servers are."""

    def __init__(
        self, *, name: str, interval: Seconds, targets: Mapping[Colour, Sequence[HealthTarget]], now: Now
    ) -> None:
        """OSError or ssl.SSLError when a CA file cannot be read; httpx.InvalidURL for a URL that is none."""
        self.name = name
        self.interval = interval
        self.deadline: Seconds = max(each.timeout for servers in targets.values() for each in servers) + STOOD_STILL
        self._now = now
        self._probers = {colour: tuple(_Prober(each) for each in servers) for colour, servers in targets.items()}

    async def poll(self) -> tuple[Reading, ...]:
        """`up` (1 or 0) and `seconds` (to the end of the last answer) of every colour."""
        answers = await asyncio.gather(*(self.probe(colour) for colour in self._probers))
        return tuple(
            reading
            for colour, answer in zip(self._probers, answers, strict=True)
            for reading in _readings(colour, answer)
        )

    async def probe(self, colour: Colour) -> ProbeAnswer:
        """Ask one colour's servers now. KeyError if it has no target."""
        probers = self._probers[colour]
        answers = await asyncio.gather(*(self._probe_one(prober) for prober in probers))
        if len(answers) == 1:
            return answers[0]
        return _together({prober.address: answer for prober, answer in zip(probers, answers, strict=True)})

    async def _probe_one(self, prober: "_Prober") -> ProbeAnswer:
        started = self._now()
        failure: Failure | None = None
        missing: Missing | None = None
        detail = ""
        try:
            failure = await prober.ask()
        except ProberError as error:
            missing, detail = Missing.ERROR, str(error)
        ended = self._now()
        if ended - started > prober.target.timeout + STOOD_STILL:
            missing, detail = Missing.STALE, f"the daemon stood still for {ended - started:.1f} s during a probe"
        elif failure is not None:
            detail = str(failure)
        return ProbeAnswer(
            ok=failure is None and missing is None,
            refused=failure is not None and missing is None and failure.kind == "refused",
            detail=detail,
            started=started,
            ended=ended,
            missing=missing,
        )

    def missing(self) -> tuple[Reading, ...]:
        """What is said when a poll did not end though each probe has a deadline: the prober could not run."""
        detail = "the health prober did not run"
        return tuple(
            Reading(signal=signal, colour=colour, value=Missing.TIMEOUT, detail=detail)
            for colour in self._probers
            for signal in ("up", "seconds")
        )

    async def close(self) -> None:
        """Close the clients."""
        for probers in self._probers.values():
            for prober in probers:
                await prober.close()


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


class _Prober:
    """One target's client."""

    def __init__(self, target: HealthTarget) -> None:
        self.target = target
        self._url = httpx.URL(target.url)
        if self._url.scheme not in ("http", "https") or not self._url.host:
            raise httpx.InvalidURL(f"found {target.url!r}, wanted something like http://127.0.0.1:8081/health")
        self._client = httpx.AsyncClient(
            verify=_ssl_context(target.tls) if self._url.scheme == "https" else False,
            trust_env=False,  # a proxy from the environment would be asked instead of the target
            timeout=httpx.Timeout(target.timeout, connect=target.timeout * STEP_SHARE),  # all together: in ask()
            headers={**_HEADERS, **target.headers, "Host": _host_header(self._url, target.headers)},
        )
        self._resolver = Resolver(self._url.host, self._url.port or (443 if self._url.scheme == "https" else 80))
        self.address = self._url.netloc.decode("ascii")
        self._extensions = {"sni_hostname": target.tls.server_name or self._url.host}

    async def ask(self) -> Failure | None:
        """None when the page says what it should. ProberError when the prober itself could not run."""
        try:
            async with asyncio.timeout(self.target.timeout):
                return await self._ask_addresses()
        except TimeoutError:
            return Failure("timeout", f"no complete answer within {self.target.timeout:g} s")

    async def close(self) -> None:
        self._resolver.close()
        await self._client.aclose()

    async def _ask_addresses(self) -> Failure | None:
        """Ask the first of the name's addresses that does not refuse."""
        try:
            addresses = await self._resolver.addresses(self.target.timeout * STEP_SHARE)
        except TimeoutError:
            return Failure("dns", f"no answer about {self._url.host} in time")
        except OSError as error:
            return classify(error)
        failure: Failure | None = None
        for address in addresses:
            failure = await self._ask_one(self._url.copy_with(host=address))
            if failure is None or failure.kind not in ("refused", "unreachable"):
                break
        return failure

    async def _ask_one(self, url: httpx.URL) -> Failure | None:
        try:
            async with AsyncExitStack() as stack:
                request = self._client.build_request("GET", url, extensions=self._extensions)
                response = await self._client.send(request, stream=True, follow_redirects=False)
                stack.push_async_callback(response.aclose)
                return await self._judge(response)
        except (httpx.HTTPError, OSError) as error:
            return classify(error)

    async def _judge(self, response: httpx.Response) -> Failure | None:
        wanted = self.target
        if response.is_redirect and response.status_code != wanted.status:
            return Failure("redirect", f"{response.status_code} to another page; the health path must answer itself")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > wanted.largest_body:
                return Failure("too_large", f"the body has over {wanted.largest_body} bytes")
        if response.status_code != wanted.status:
            return Failure("status", f"{response.status_code}, wanted {wanted.status}")
        return _judge_body(bytes(body), wanted.expect) if wanted.expect else None


def _judge_body(body: bytes, expect: Mapping[str, Any]) -> Failure | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return Failure("body", f"no JSON: {body[:40].decode(errors='replace')!r}")
    difference = _difference(said, expect, "")
    return Failure("body", difference) if difference else None


def _difference(said: Any, expect: Mapping[str, Any], path: str) -> str:
    """The first expected key that is absent or has another value, in words; empty when all fit."""
    if not isinstance(said, dict):
        return f"{path or 'the body'} is {_short(said)}, wanted an object"
    for key, wanted in expect.items():
        here = f"{path}.{key}" if path else key
        if key not in said:
            return f"{here} is not there, wanted {_short(wanted)}"
        if isinstance(wanted, Mapping):
            if difference := _difference(said[key], wanted, here):
                return difference
        elif not _equal(said[key], wanted):
            return f"{here} is {_short(said[key])}, wanted {_short(wanted)}"
    return ""


def _equal(said: Any, wanted: Any) -> bool:
    """JSON's equality: true is not 1."""
    if isinstance(said, bool) or isinstance(wanted, bool):
        return said is wanted
    if isinstance(said, float) and isinstance(wanted, float) and math.isnan(said):
        return math.isnan(wanted)
    return bool(said == wanted)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - a line on a telephone


def _ssl_context(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(tls.ca) if tls.ca is not None else None)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _host_header(url: httpx.URL, headers: Mapping[str, str]) -> str:
    """The name that was asked for, though the request goes to an address."""
    given = {name.lower(): value for name, value in headers.items()}
    return given.get("host") or url.netloc.decode("ascii")
