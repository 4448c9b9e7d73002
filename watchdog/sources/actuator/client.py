"""Asks one server's actuator: kept connections, a bound on how many questions are open, and why there was no answer.

What lives here: the requests. What must not: what an answer means. Unlike a health check it keeps its connections: it
asks what the application counts, not whether new users get in.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from watchdog.core.model import Missing, Seconds
from watchdog.outside.resolve import Resolver
from watchdog.sources.health_errors import ProberError, classify
from watchdog.sources.http_probe import STEP_SHARE, Tls, agent, ssl_context

QUESTIONS_AT_ONCE = 4
"""Per server. More would take the application's threads from its users."""

LARGEST_BODY_BYTES = 1024 * 1024  # /metrics lists some hundred names

_KEPT_S: Seconds = 5.0  # shorter than servers keep idle connections, so that none is closed as it is used
_ACCEPT = "application/vnd.spring-boot.actuator.v3+json, application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One server's actuator."""

    url: str
    """Its base, such as http://127.0.0.1:8081/actuator."""
    token: str = field(default="", repr=False)
    """Sent as a bearer token; none when empty."""
    tls: Tls = field(default_factory=Tls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one question led to."""

    status: int = 0
    """0 when there was no answer."""
    body: Any = None
    """The JSON; None when there was none in the body."""
    missing: Missing | None = None
    """Why there was no answer."""
    detail: str = ""


class Client:
    """One server."""

    def __init__(self, target: Target) -> None:
        """OSError or ssl.SSLError for a CA file, httpx.InvalidURL for a URL that is none."""
        self._url = httpx.URL(target.url)
        if self._url.scheme not in ("http", "https") or not self._url.host:
            raise httpx.InvalidURL(f"found {target.url!r}, wanted something like http://127.0.0.1:8081/actuator")
        secure = self._url.scheme == "https"
        self.address = self._url.netloc.decode("ascii")
        headers = {"Accept": _ACCEPT, "Accept-Encoding": "identity", "Host": self.address, "User-Agent": agent()}
        if target.token:
            headers["Authorization"] = f"Bearer {target.token}"
        self._client = httpx.AsyncClient(
            verify=ssl_context(target.tls) if secure else False,
            trust_env=False,  # a proxy from the environment would be asked instead of the target
            limits=httpx.Limits(
                max_connections=QUESTIONS_AT_ONCE,
                max_keepalive_connections=QUESTIONS_AT_ONCE,
                keepalive_expiry=_KEPT_S,
            ),
            headers=headers,
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),  # the token alone says who asks
        )
        self._turn = asyncio.Semaphore(QUESTIONS_AT_ONCE)
        self._resolver = Resolver(self._url.host, self._url.port or (443 if secure else 80))
        self._extensions = {"sni_hostname": target.tls.server_name or self._url.host}
        self._answers = ""

    async def ask(self, paths: Sequence[tuple[str, Sequence[tuple[str, str]]]], within: Seconds) -> list[Answer]:
        """The answers to these paths with their queries, side by side. What is open at the deadline has none."""
        too_late = Answer(missing=Missing.TIMEOUT, detail=f"timeout: no complete answer within {within:g} s")
        addresses = await self._addresses(within)
        if isinstance(addresses, Answer):
            return [addresses] * len(paths)
        # The one that answered last goes first, or a name that leads to two would be another process at every poll.
        addresses.sort(key=lambda address: address != self._answers)
        asked = [asyncio.ensure_future(self._ask(addresses, path, query, within)) for path, query in paths]
        try:
            await asyncio.wait(asked, timeout=within)
            return [each.result() if each.done() else too_late for each in asked]
        finally:
            for each in asked:
                each.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

    async def close(self) -> None:
        """Let go of connections and of the lookup's thread."""
        self._resolver.close()
        await self._client.aclose()

    async def _addresses(self, within: Seconds) -> list[str] | Answer:
        try:
            return await self._resolver.addresses(within * STEP_SHARE)
        except TimeoutError:
            return Answer(missing=Missing.TIMEOUT, detail=f"dns: no answer about {self._url.host} in time")
        except OSError as error:
            return _no_answer(error)

    async def _ask(
        self, addresses: Sequence[str], path: str, query: Sequence[tuple[str, str]], within: Seconds
    ) -> Answer:
        """Ask the first of the addresses that does not refuse."""
        answer = Answer(missing=Missing.ERROR, detail="no address")
        async with self._turn:
            for address in addresses:
                answer = await self._ask_one(address, path, query, within)
                if not answer.detail.startswith(("refused: ", "unreachable: ")):
                    self._answers = address
                    break
        return answer

    async def _ask_one(self, address: str, path: str, query: Sequence[tuple[str, str]], within: Seconds) -> Answer:
        url = self._url.copy_with(host=address, path=self._url.path.rstrip("/") + path)
        request = self._client.build_request(
            "GET", url, params=list(query) or None, timeout=httpx.Timeout(within), extensions=self._extensions
        )
        try:
            response = await self._client.send(request, stream=True, follow_redirects=False)
            try:
                return await _read(response)
            finally:
                await response.aclose()
        except (httpx.HTTPError, OSError) as error:
            return _no_answer(error)


async def _read(response: httpx.Response) -> Answer:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > LARGEST_BODY_BYTES:
            detail = f"too_large: the body has over {LARGEST_BODY_BYTES} bytes"
            return Answer(missing=Missing.ERROR, detail=detail)
    try:
        said = json.loads(body) if body else None
    except (ValueError, RecursionError):
        said = None
    return Answer(status=response.status_code, body=said)


def _no_answer(error: Exception) -> Answer:
    try:
        failure = classify(error)
    except ProberError as ours:
        return Answer(missing=Missing.ERROR, detail=str(ours))
    return Answer(missing=Missing.TIMEOUT if failure.kind == "timeout" else Missing.ERROR, detail=str(failure))
