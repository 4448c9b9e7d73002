"""From plain settings to adapters: what reaches them."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from tests.daemon.helpers import ENVIRONMENT, environment
from watchdog.core.edge import EdgeLine
from watchdog.core.model import Colour
from watchdog.daemon import adapters
from watchdog.outside.resolve import Resolver
from watchdog.sources.edge_line import LineParser


def line(upstream: str) -> bytes:
    """A request that this upstream answered, as the balancer logs it."""
    return (
        f'<190>Nov 24 16:00:00 rwd: rwd1 1764000000.250 0.125 200 12 3 0 r other "200" "{upstream}" "0.010" "0.020"'
    ).encode()


def test_a_token_is_made_once_and_kept(tmp_path: Path) -> None:
    """Each service has its own, readable by nobody else."""
    token = adapters.probe_token(tmp_path, "shop")

    assert 32 == len(token)
    assert token == adapters.probe_token(tmp_path, "shop")
    assert token != adapters.probe_token(tmp_path, "store")
    assert 0o600 == (tmp_path / "probe-tokens" / "shop").stat().st_mode & 0o777
    assert ["shop", "store"] == sorted(path.name for path in (tmp_path / "probe-tokens").iterdir())


def test_a_token_that_a_crash_left_empty_is_made_anew(tmp_path: Path) -> None:
    """An empty token would take everybody's requests for probes."""
    (tmp_path / "probe-tokens").mkdir()
    (tmp_path / "probe-tokens" / "shop").touch()

    assert 32 == len(adapters.probe_token(tmp_path, "shop"))


def test_nginx_knows_servers_routes_and_token(tmp_path: Path) -> None:
    """What its files are made of."""
    text = ENVIRONMENT.replace("access_log: {{}}", "access_log: {{routes: {{login: {{path: /login}}}}}}")
    (service,) = environment(tmp_path, text).services
    setup = adapters.nginx_setup(service, "0123456789abcdef")

    assert ("shop", "0123456789abcdef", {"login": "/login"}) == (setup.service, setup.token, setup.routes)
    assert {Colour.BLUE: ("127.0.0.1:8081",), Colour.GREEN: ("127.0.0.1:8082",)} == setup.servers


class Names(Resolver):
    """A directory of names."""

    KNOWN: ClassVar[dict[str, list[str]]] = {"blue.internal": ["10.0.0.1", "10.0.0.2"], "green.internal": ["fd00::1"]}

    def __init__(self, host: str, port: int) -> None:
        self._host = host

    async def addresses(self, deadline: float) -> list[str]:
        if self._host not in self.KNOWN:
            raise OSError("unknown")
        return self.KNOWN[self._host]

    def close(self) -> None:
        """Nothing to let go of."""


def parsed(tmp_path: Path, blue: str, green: str) -> tuple[LineParser, dict[str, list[str]]]:
    text = ENVIRONMENT.replace("127.0.0.1:8081", blue).replace("127.0.0.1:8082", green)
    compiled = environment(tmp_path, text)
    known = asyncio.run(adapters.addresses(compiled, Names))
    return adapters.parser(compiled, known), known


def test_lines_of_servers_that_have_names_are_recognised(tmp_path: Path) -> None:
    """The balancer logs addresses, whatever the file says."""
    parser, known = parsed(tmp_path, "blue.internal:8081", "green.internal:8082")
    lines = [parser.parse(line(address)) for address in ("10.0.0.2:8081", "[fd00::1]:8082", "rwd-shop-green")]

    assert {
        "blue.internal:8081": ["10.0.0.1:8081", "10.0.0.2:8081"],
        "green.internal:8082": ["[fd00::1]:8082"],
    } == known
    assert [Colour.BLUE, Colour.GREEN, Colour.GREEN] == [each.colour for each in lines if isinstance(each, EdgeLine)]


def test_a_name_that_leads_nowhere_has_no_address(tmp_path: Path) -> None:
    """It is not an error here: the daemon starts and says so."""
    _, known = parsed(tmp_path, "nowhere.internal:8081", "127.0.0.1:8082")

    assert [] == known["nowhere.internal:8081"]


def test_names_are_looked_up_side_by_side(tmp_path: Path) -> None:
    """A resolver that hangs costs a reload the time of one name, however many servers there are."""
    asked: set[str] = set()
    both = asyncio.Event()

    class Patient(Names):
        async def addresses(self, deadline: float) -> list[str]:
            asked.add(self._host)
            if len(asked) > 1:
                both.set()
            async with asyncio.timeout(deadline):
                await both.wait()
            return ["10.0.0.1"]

    text = ENVIRONMENT.replace("127.0.0.1:8081", "blue.x:8081").replace("127.0.0.1:8082", "green.x:8082")
    known = asyncio.run(adapters.addresses(environment(tmp_path, text), Patient))

    assert {"blue.x:8081": ["10.0.0.1:8081"], "green.x:8082": ["10.0.0.1:8082"]} == known


@pytest.mark.parametrize("address", ["127.0.0.1:8082", "rwd-shop-green"])
def test_lines_of_addresses_are_recognised_as_they_are(tmp_path: Path, address: str) -> None:
    """As they stand in the file, and by the pool's name when no server was alive."""
    parser = adapters.parser(environment(tmp_path), {})
    found = parser.parse(line(address))

    assert isinstance(found, EdgeLine)
    assert ("shop", Colour.GREEN) == (found.service, found.colour)


def test_the_access_log_counts_a_services_routes(tmp_path: Path) -> None:
    """Under the source's name, with its own idea of slow; long routes are known."""
    text = ENVIRONMENT.replace(
        "access_log: {{}}", "access_log: {{slow: 1s, routes: {{a: {{path: /a}}, b: {{path: /b, long: true}}}}}}"
    )
    (service,) = environment(tmp_path, text).services
    edge = adapters.edge_service(service, lambda *_: None)

    assert ("shop", "edge", 1.0, ("a", "b"), ("b",)) == (
        edge.service, edge.source, edge.slow, edge.routes, edge.long_routes,
    )  # fmt: skip


def test_the_access_log_knows_what_a_route_declares_as_bad(tmp_path: Path) -> None:
    """Only routes that declare statuses have a count of them."""
    text = ENVIRONMENT.replace("access_log: {{}}", "access_log: {{routes: {{a: {{path: /a}}, b: {{path: /b}}}}}}")
    (service,) = environment(tmp_path, text).services
    assert service.edge is not None
    plain, declaring = service.edge.routes
    routes = (plain, replace(declaring, also_bad=(401, 404)))
    edge = adapters.edge_service(replace(service, edge=replace(service.edge, routes=routes)), lambda *_: None)

    assert {"b": frozenset({401, 404})} == edge.also_bad
