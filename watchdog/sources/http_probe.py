"""One request to one server of a colour, and the judgement of its answer.

What lives here: the request, its limits, and what a good answer is; health checks and synthetic requests share it. What
must not: when a request is due, several servers together, rules. A target that refuses, hangs or lies has failed, with
its error class; Missing only if the prober itself could not run.

Every request makes a new connection: an application that answers on old connections and accepts no new one is down
for new users. No cookie is kept. The body is read to its end within the deadline and a bound, also when nothing is
expected of it.
"""

import asyncio
import json
import math
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib import metadata
from pathlib import Path
from typing import Any, TypeAlias

import httpx

from watchdog.core.model import Missing, Seconds
from watchdog.outside.resolve import Resolver
from watchdog.sources.base import Now
from watchdog.sources.health_errors import Failure, ProberError, classify

LARGEST_BODY_BYTES = 256 * 1024  # a health page is some hundred bytes
STEP_SHARE = 0.9  # of the timeout for name and handshake alone: ended by themselves they say what hung, and let go
STOOD_STILL: Seconds = 1.0  # a request that ends this long after its timeout was in a process that did not run

_Judged: TypeAlias = tuple[Failure | None, int | None]
"""What is wrong with an answer (None: nothing), and its status when there was one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How a target's certificate is judged."""

    verify: bool = True
    ca: Path | None = None
    """A file of certificates to trust instead of the system's."""
    server_name: str = ""
    """The name to ask for and to find in the certificate, when it is not the URL's host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTarget:
    """What is asked of one server, and what it must say."""

    url: str
    method: str = "GET"
    content: bytes | None = field(default=None, repr=False)
    timeout: Seconds = 2.0
    """For everything together: name, connection, TLS, answer and body."""
    statuses: tuple[int, ...] = (200,)
    """A good answer has one of these."""
    expect: Mapping[str, Any] = field(default_factory=dict)
    """Keys that the JSON body must have with these values; nested mappings are looked into."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tls: Tls = field(default_factory=Tls)
    largest_body: int = LARGEST_BODY_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAnswer:
    """How one direct request ended."""

    ok: bool
    refused: bool
    """The target's host answers and nothing listens: it serves nobody. Of a colour: so do all its servers."""
    detail: str
    """Error class and words; empty when ok. With several servers, the address before it."""
    started: Seconds
    ended: Seconds
    missing: Missing | None = None
    """Why the prober itself could not run; then `ok` means nothing."""
    status: int | None = None
    """What was answered, if anything was; of several servers None."""

    @property
    def timed_out(self) -> bool:
        """It failed because no complete answer came in time."""
        return not self.ok and self.missing is None and self.detail.startswith("timeout: ")


class HttpProber:
    """One server: its connections, its name's addresses, and whom it is trusted by."""

    def __init__(self, url: str, tls: Tls, now: Now) -> None:
        """`url`: any of the server. OSError or ssl.SSLError for a CA file, httpx.InvalidURL for a URL that is none."""
        self._now = now
        self._closed = False
        self._url = httpx.URL(url)
        if self._url.scheme not in ("http", "https") or not self._url.host:
            raise httpx.InvalidURL(f"found {url!r}, wanted something like http://127.0.0.1:8081/health")
        self._client = httpx.AsyncClient(
            verify=ssl_context(tls) if self._url.scheme == "https" else False,
            trust_env=False,  # a proxy from the environment would be asked instead of the target
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),  # a queue would look like a hang
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),  # every request is a new user's
        )
        self._resolver = Resolver(self._url.host, self._url.port or (443 if self._url.scheme == "https" else 80))
        self.address = self._url.netloc.decode("ascii")
        self._extensions = {"sni_hostname": tls.server_name or self._url.host}

    async def probe(self, target: HttpTarget) -> ProbeAnswer:
        """Send the request now. Never raises for what the target or the prober's own host does."""
        started = self._now()
        failure: Failure | None = None
        missing: Missing | None = None
        status: int | None = None
        detail = ""
        try:
            failure, status = await self._within_deadline(target)
        except ProberError as error:
            missing, detail = Missing.ERROR, str(error)
        ended = self._now()
        if failure is not None and self._closed:
            failure, missing, detail = None, Missing.ERROR, "the daemon let go of the connection"
        if ended - started > target.timeout + STOOD_STILL:
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
            status=status,
        )

    async def close(self) -> None:
        """Let go of connections and of the lookup's thread. What is under way says nothing of the target any more."""
        self._closed = True
        self._resolver.close()
        await self._client.aclose()

    async def _within_deadline(self, target: HttpTarget) -> _Judged:
        if self._closed:
            raise ProberError("the daemon watches with another configuration by now")
        try:
            async with asyncio.timeout(target.timeout):
                return await self._ask_addresses(target)
        except TimeoutError:
            return Failure("timeout", f"no complete answer within {target.timeout:g} s"), None

    async def _ask_addresses(self, target: HttpTarget) -> _Judged:
        """Ask the first of the name's addresses that does not refuse."""
        try:
            addresses = await self._resolver.addresses(target.timeout * STEP_SHARE)
        except TimeoutError:
            return Failure("dns", f"no answer about {self._url.host} in time"), None
        except OSError as error:
            return classify(error), None
        judged: _Judged = (None, None)
        for address in addresses:
            judged = await self._ask_one(target, address)
            if judged[0] is None or judged[0].kind not in ("refused", "unreachable"):
                break
        return judged

    async def _ask_one(self, target: HttpTarget, address: str) -> _Judged:
        url = httpx.URL(target.url)
        opened = _Opened()
        request = self._client.build_request(
            target.method,
            url.copy_with(host=address),
            content=target.content,
            headers=_headers(url, target.headers),
            timeout=httpx.Timeout(target.timeout, connect=target.timeout * STEP_SHARE),  # all together: the deadline
            extensions={**self._extensions, "trace": opened.note},
        )
        try:
            async with AsyncExitStack() as stack:
                stack.push_async_callback(opened.close)
                response = await self._client.send(request, stream=True, follow_redirects=False)
                stack.push_async_callback(response.aclose)
                return await _judge(response, target), response.status_code
        except (httpx.HTTPError, OSError) as error:
            return classify(error), None


class _Opened:
    """The connections of one request, to be let go of whatever ends it.

    The client forgets one whose TLS handshake is cancelled; it would stay open until memory is tidied.
    """

    def __init__(self) -> None:
        self._streams: list[Any] = []

    async def note(self, event: str, info: Mapping[str, Any]) -> None:
        """What the client tells of its steps (its `trace` extension)."""
        if event == "connection.connect_tcp.complete":
            self._streams.append(info["return_value"])

    async def close(self) -> None:
        """Closing twice does no harm."""
        for stream in self._streams:
            await stream.aclose()


async def _judge(response: httpx.Response, wanted: HttpTarget) -> Failure | None:
    status = response.status_code
    if response.is_redirect and status not in wanted.statuses:
        return Failure("redirect", f"{status} to another page; the path must answer itself")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > wanted.largest_body:
            return Failure("too_large", f"the body has over {wanted.largest_body} bytes")
    if status not in wanted.statuses:
        return Failure("status", f"{status}, wanted {' or '.join(map(str, wanted.statuses))}")
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


def ssl_context(tls: Tls) -> ssl.SSLContext:
    """How a target is trusted. OSError or ssl.SSLError when its CA file cannot be read."""
    context = ssl.create_default_context(cafile=str(tls.ca) if tls.ca is not None else None)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _headers(url: httpx.URL, own: Mapping[str, str]) -> httpx.Headers:
    """What is sent: our name, so that the application's log tells our requests from users'; the operator's own win."""
    headers = httpx.Headers(
        {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
            "Host": url.netloc.decode("ascii"),  # the name that was asked for, though the request goes to an address
            "User-Agent": agent(),
        }
    )
    headers.update(own)
    return headers


@cache
def agent() -> str:
    """How our own requests call themselves."""
    try:
        return f"rollback-watchdog/{metadata.version('rollback-watchdog')}"
    except metadata.PackageNotFoundError:  # run from its files, not installed
        return "rollback-watchdog"
