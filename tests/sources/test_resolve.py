"""The lookup of a name."""

import asyncio
import socket
import threading
from typing import Any

import pytest

from watchdog.sources.resolve import Resolver


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
