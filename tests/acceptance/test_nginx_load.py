"""Brake, release and reload while users are being served."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from tests.acceptance.nginx_world import BLUE, GREEN, Client, World, at, world
from watchdog.core.model import BrakeKind
from watchdog.traffic.nginx.router import NginxRouter

pytestmark = pytest.mark.acceptance

CLIENTS = 8
BETWEEN_SECONDS = 0.004  # about 1,000 requests per second in all, which leaves the machine some air


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request as its user saw it."""

    began: float
    ended: float
    colour: str
    status: int


async def under_load(scene: World, act: Callable[[], Awaitable[None]]) -> list[Request]:
    """Users with keep-alive connections ask all the time while `act` runs; every request is in the result."""
    requests: list[Request] = []
    over = False

    async def user() -> None:
        client = Client(scene.nginx.port)
        while not over:
            began = time.time()
            try:
                answer = await client.get()
                requests.append(Request(began=began, ended=time.time(), colour=answer.body, status=answer.status))
            except (OSError, asyncio.IncompleteReadError):
                requests.append(Request(began=began, ended=time.time(), colour="-", status=0))
                await client.close()
            await asyncio.sleep(BETWEEN_SECONDS)
        with contextlib.suppress(OSError):
            await client.close()

    users = [asyncio.ensure_future(user()) for _ in range(CLIENTS)]
    await act()
    over = True
    await asyncio.gather(*users)
    return requests


def test_a_brake_drops_no_request() -> None:
    """Five times cut off and let back: no error, nothing on the candidate while braked, users there in between."""
    with world(split=at(1.0), workers=2) as scene:

        async def play(router: NginxRouter) -> None:
            braked: list[tuple[float, float]] = []

            async def act() -> None:
                for _ in range(5):
                    await asyncio.sleep(0.15)
                    since = await router.pull_brake(GREEN, BrakeKind.DIVERT, "")
                    await asyncio.sleep(0.15)
                    braked.append((since, time.time()))
                    await router.release_brake(GREEN)

            requests = await under_load(scene, act)

            assert 500 < len(requests)
            assert {200} == {request.status for request in requests}
            during = [
                request for request in requests if any(a <= request.began and request.ended <= b for a, b in braked)
            ]
            assert 100 < len(during)
            assert {"blue"} == {request.colour for request in during}
            assert {"blue", "green"} == {request.colour for request in requests}

        scene.run(play)


def test_a_rollback_under_load_is_proved_by_users() -> None:
    """After the brake no request goes to the candidate, through the reload and after it, and users alone prove it."""
    with world(split=at(0.5), workers=2) as scene:

        async def play(router: NginxRouter) -> None:
            results = []

            async def act() -> None:
                await asyncio.sleep(0.2)
                back = await router.apply(at(0.0), brake=True, note="")
                assert back.braked_at is not None
                results.append((back, await router.prove(BLUE, back.braked_at)))

            requests = await under_load(scene, act)

            back, proof = results[0]
            assert back.ok
            assert all("old workers finish" in warning for warning in back.warnings), back.warnings
            assert (True, 0, 0) == (proof.ok, proof.probes, proof.to_candidate)
            assert 100 < proof.to_stable
            after = [request for request in requests if request.began >= (back.braked_at or 0)]
            assert {"blue"} == {request.colour for request in after if request.status}
            # A reload closes idle connections: a request that crosses that close is lost on its way.
            lost = [request for request in requests if request.status != 200]
            assert len(lost) <= CLIENTS
            assert {0} >= {request.status for request in lost}

        scene.run(play)
