"""What operators have: TLS and IPv6 to the application, sockets, several server blocks; a release and its rollback."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from simulations.lab.nginx import Location
from simulations.lab.processes import free_port, free_ports, run_folder
from tests.acceptance.faults.apps import applications
from tests.acceptance.faults.figures import figure
from tests.acceptance.nginx_world import BLUE, GREEN, Client, World, at, world
from tests.sources.servers import certificate
from watchdog.core.model import Colour
from watchdog.traffic.nginx import connections
from watchdog.traffic.nginx.router import NginxRouter
from watchdog.traffic.probes import Entry

pytestmark = pytest.mark.acceptance


class Played(NamedTuple):
    """Who answered 20 users of a release and 20 after its rollback, and what proved the rollback."""

    released: Counter[str]
    rolled_back: Counter[str]
    proof: tuple[bool, int, int]
    """Whether it holds, requests to the candidate, probes."""


AS_EVER = Played(Counter(green=20), Counter(blue=20), (True, 0, 20))


async def out_and_back(scene: World, router: NginxRouter) -> Played:
    """A release is prepared, gets all users, is rolled back and proved; nobody's request fails."""
    assert [] == [check for check in await router.prepare([at(0.0), at(1.0)]) if not check.ok]
    assert (await router.apply(at(1.0), brake=False, note="")).ok
    released = await scene.fresh(20)
    assert [] == [check for check in await router.recheck(BLUE) if not check.ok]
    began = time.time()
    back = await router.apply(at(0.0), brake=True, note="")
    assert (True, ()) == (back.ok, tuple(each for each in back.warnings if "old workers finish" not in each))
    assert back.braked_at is not None
    proof = await router.prove(BLUE, back.braked_at)
    rolled_back = await scene.fresh(20)
    drained = await router.drain(GREEN, 5.0)
    assert 0 == drained.open, drained
    figure("time to stable, requests failed", f"{(back.braked_at - began) * 1000:.1f} ms, 0 of 60")
    return Played(released, rolled_back, (proof.ok, proof.to_candidate, proof.probes))


def played(servers: Mapping[Colour, tuple[str, ...]], *, tls: Any = None, entry: str = "", **operator: Any) -> Played:
    with world(setup={"servers": servers}, **operator) as scene:
        changes: dict[str, Any] = {"entry": Entry(url=entry, host="localhost")} if entry else {}

        async def play(router: NginxRouter) -> Played:
            async with applications(servers, tls=tls):
                return await out_and_back(scene, router)

        return scene.run(play, **changes)


def test_https_to_the_application() -> None:
    """`proxy_pass https://` to our pool, with the name that the certificate has."""
    with run_folder() as folder:
        _, tls = certificate(folder, "app.internal")
        blue, green = free_ports(2)
        location = Location(
            service="app",
            proxy_pass="https://$rwd_app_pool",
            directives="proxy_ssl_name app.internal; proxy_ssl_server_name on; proxy_ssl_verify on;"
            f" proxy_ssl_trusted_certificate {folder}/app.internal.pem;",
        )
        servers = {BLUE: (f"127.0.0.1:{blue}",), GREEN: (f"127.0.0.1:{green}",)}

        assert AS_EVER == played(servers, tls=tls, locations=[location])


def test_ipv6_to_the_application_and_to_nginx() -> None:
    """Servers in brackets answer, and the probes of the proof come in over IPv6."""
    blue, green, entry = free_ports(3)
    servers = {BLUE: (f"[::1]:{blue}",), GREEN: (f"[::1]:{green}",)}

    assert AS_EVER == played(servers, entry=f"http://[::1]:{entry}/", server=f"listen [::1]:{entry};")


def test_several_server_blocks_share_a_service() -> None:
    """Each has the includes: one user is on one colour in all of them, and the brake holds in all of them."""
    second = free_port()

    def block(folder: str) -> str:
        return (
            f"server {{ listen 127.0.0.1:{second}; include {folder}/rwd-common.server.conf;"
            f" include {folder}/app.server.conf; location / {{ proxy_pass http://$rwd_app_pool; }} }}\n"
        )

    with world(split=at(0.5)) as scene:
        conf = scene.nginx.conf
        conf.write_text(conf.read_text().rstrip().removesuffix("}") + block(str(scene.directory)) + "}\n")
        scene.nginx.reload()

        async def play(router: NginxRouter) -> None:
            first = await scene.answers([{"path": "/"}] * 60)
            client = Client(second)
            again = [await client.get(cookie=answer.cookie) for answer in first]
            assert [answer.body for answer in first] == [answer.body for answer in again]
            assert {"blue", "green"} == {answer.body for answer in first}
            back = await router.apply(at(0.0), brake=True, note="")
            assert back.ok
            await client.close()
            braked = [await client.get(cookie=answer.cookie) for answer in first]
            assert {"blue"} == {answer.body for answer in braked}
            await client.close()
            assert back.braked_at is not None
            proof = await router.prove(BLUE, back.braked_at)
            assert (True, True, 0) == (proof.ok, proof.to_stable > 50, proof.probes)  # lines can be lost

        scene.run(play)


def test_connections_are_counted_on_every_kind_of_address() -> None:
    """IPv4, IPv6 and unix sockets; other clients of the same server, this program among them, are not nginx's."""
    with run_folder() as folder, world() as scene:
        pid = scene.nginx.run_dir / "nginx.pid"
        paths = [str(Path(folder) / "app.sock")]

        async def play(_router: NginxRouter) -> None:
            async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.read()
                writer.close()

            server = await asyncio.start_unix_server(hold, paths[0])
            _reader, writer = await asyncio.open_unix_connection(paths[0])
            (own,) = scene.setups["app"].servers[BLUE]
            host, _, port = own.rpartition(":")
            _other, mine = await asyncio.open_connection(host, int(port))
            await scene.fresh(1)
            assert 1 == len(connections.open_to((own,), pid) or ())  # nginx's idle one, not mine
            assert 1 == len(connections.open_to((f"unix:{paths[0]}",), pid) or ())
            assert frozenset() == connections.open_to(("unix:/nowhere", "127.0.0.1:1", "[::1]:1"), pid)
            assert None is connections.open_to((own,), folder / "no.pid")
            for each in (writer, mine):
                each.close()
                await each.wait_closed()
            server.close()
            await server.wait_closed()

        scene.run(play)
