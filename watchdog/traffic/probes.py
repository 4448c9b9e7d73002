"""Requests of our own: through the balancer with the probe header, and straight to a colour's servers.

What lives here: sending, with a deadline. What must not: who answered a probe; only the balancer's log knows that.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx

from watchdog.core.model import Check, Colour

HEADER: Final = "X-RWD-Probe"
_AGENT: Final = "rollback-watchdog"
_BODY_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Where the balancer is asked with a probe."""

    url: str
    """Scheme, address, port and path, such as `http://127.0.0.1:80/health`."""
    host: str
    """The Host header: which of the balancer's servers is meant; over TLS also the name that is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A probe that was sent, and what came back."""

    at: float
    """Wall clock, before it was sent."""
    status: int | None
    problem: str = ""


class Probes:
    """Sends probes; each on a connection of its own, so that it meets a worker of the present configuration."""

    def __init__(self, entry: Entry, token: str, wall: Callable[[], float], timeout: float) -> None:
        self._entry = entry
        self._token = token
        self._wall = wall
        self._timeout = timeout
        self._client: httpx.AsyncClient | None = None

    async def through(self, *, user: bool, within: float | None = None) -> Sent:
        """One probe through the balancer; as a user it is drawn and braked like one. Never raises for an answer.

        `within`: seconds after which it is given up, if less than usual.
        """
        if self._client is None:
            self._client = _client(None, self._timeout)
        headers = {"Host": self._entry.host, HEADER: f"{self._token}.user" if user else self._token}
        extensions = {"sni_hostname": self._entry.host.partition(":")[0]}
        at = self._wall()
        try:
            status = await asyncio.wait_for(
                _get(self._client, self._entry.url, headers, extensions), timeout=within or self._timeout
            )
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            return Sent(at=at, status=None, problem=f"{self._entry.url}: {_said(error)}")
        return Sent(at=at, status=status)

    async def directly(self, servers: Sequence[str]) -> tuple[str, ...]:
        """Ask each server of a colour itself; what is wrong with those that send no answer below 500."""
        return tuple(problem for problem in await asyncio.gather(*map(self._ask, servers)) if problem)

    async def answers(self, colour: Colour, servers: Sequence[str]) -> Check:
        """The line of a checklist: every server of a colour answers."""
        problems = await self.directly(servers)
        detail = "; ".join(problems) or f"{', '.join(servers)} {'answer' if len(servers) > 1 else 'answers'}"
        return Check(name=f"{colour} answers", ok=not problems, detail=detail)

    async def _ask(self, server: str) -> str:
        path = httpx.URL(self._entry.url).raw_path.decode()
        unix = server.removeprefix("unix:") if server.startswith("unix:") else None
        address = "localhost" if unix else server
        headers = {"Host": self._entry.host}
        extensions = {"sni_hostname": self._entry.host.partition(":")[0]}
        try:
            async with asyncio.timeout(self._timeout), _client(unix, self._timeout) as client:
                try:
                    status = await _get(client, f"http://{address}{path}", headers, {})
                except (httpx.RemoteProtocolError, httpx.ReadError):  # it may want TLS, and closes what is none
                    status = await _get(client, f"https://{address}{path}", headers, extensions)
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            return f"{server}: {_said(error)}"
        return f"{server}: status {status}" if status >= httpx.codes.INTERNAL_SERVER_ERROR else ""

    async def close(self) -> None:
        """Let go of connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


def _client(unix: str | None, timeout: float) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(
        verify=False,  # the balancer of this host is asked by its address: its certificate names another host
        uds=unix,
        limits=httpx.Limits(max_keepalive_connections=0),
    )
    # No cookie is kept: each drawn probe is a fresh client.
    cookies = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
    return httpx.AsyncClient(
        transport=transport, cookies=cookies, timeout=timeout, trust_env=False, headers={"User-Agent": _AGENT}
    )


async def _get(client: httpx.AsyncClient, url: str, headers: dict[str, str], extensions: dict[str, str]) -> int:
    async with client.stream("GET", url, headers=headers, extensions=extensions) as response:
        size = 0
        async for chunk in response.aiter_raw():
            size += len(chunk)
            if size > _BODY_BYTES:
                break
        return response.status_code


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
