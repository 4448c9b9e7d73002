"""The lookup of a name."""

import asyncio
import socket
import threading
from typing import Any

import pytest

from watchdog.outside.resolve import Resolver


async def looked_up(host: str) -> list[str]:
    resolver = Resolver(host, 80)
    try:
        return await resolver.addresses(5.0)
    finally:
        resolver.close()


def test_an_address_is_its_own_address() -> None:
    """Nothing is looked up for an address."""
    assert ["192.0.2.1"] == asyncio.run(looked_up("192.0.2.1"))
    assert ["::1"] == asyncio.run(looked_up("::1"))


def test_a_name_leads_to_addresses() -> None:
    """A name is looked up, each address once."""
    found = asyncio.run(looked_up("localhost"))

    assert "127.0.0.1" in found
    assert len(found) == len(set(found))


def test_an_unknown_name_is_an_error() -> None:
    """A name that leads nowhere raises the system's own error."""
    with pytest.raises(socket.gaierror):
        asyncio.run(looked_up("nowhere.invalid"))


def test_a_hanging_lookup_is_abandoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that does not answer costs its deadline; while it hangs no second lookup is begun."""
    release = threading.Event()

    def hang(*_: Any, **__: Any) -> list[Any]:
        release.wait(20)
        return []

    async def main() -> None:
        resolver = Resolver("slow.internal", 80)
        with pytest.raises(TimeoutError):
            await resolver.addresses(0.05)
        with pytest.raises(socket.gaierror, match=r"the last lookup of slow\.internal still hangs"):
            await resolver.addresses(0.05)
        release.set()
        resolver.close()

    with asyncio.Runner() as runner:
        monkeypatch.setattr(socket, "getaddrinfo", hang)
        runner.run(main())


def test_who_asks_during_a_lookup_waits_for_that_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests that begin together need one lookup, and none of them fails because another asks; each has its patience.

    One that is given up on the way takes nothing from the others.
    """
    asked: list[str] = []
    release = threading.Event()

    def slow(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        release.wait(20)
        return [(0, 0, 0, "", ("192.0.2.7", 80))]

    async def main() -> tuple[list[list[str]], list[str]]:
        resolver = Resolver("app.internal", 80)
        first, second, given_up = (asyncio.create_task(resolver.addresses(5.0)) for _ in range(3))
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            await resolver.addresses(0.01)
        given_up.cancel()
        await asyncio.sleep(0)
        release.set()
        together = [await first, await second]
        alone = await resolver.addresses(5.0)
        resolver.close()
        return together, alone

    with asyncio.Runner() as runner:
        monkeypatch.setattr(socket, "getaddrinfo", slow)
        together, alone = runner.run(main())

    assert ([["192.0.2.7"]] * 2, ["192.0.2.7"]) == (together, alone)
    assert ["app.internal"] * 2 == asked
