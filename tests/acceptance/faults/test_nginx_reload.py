"""What a rollback costs the users: by brake nothing, with a reload idle keep-alive connections at most."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from tests.acceptance.faults.figures import figure
from tests.acceptance.nginx_world import GREEN, Client, World, at, world
from watchdog.core.model import BrakeKind
from watchdog.traffic.nginx.router import NginxRouter

pytestmark = pytest.mark.acceptance

RATE = 200.0  # requests per second in all, half of them on connections of their own
KEPT, SINGLE = 20, 20


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request as its user saw it."""

    began: float
    colour: str
    kept: bool
    """On a connection that had served one before."""


async def under_load(scene: World, act: Callable[[], Awaitable[None]]) -> tuple[list[Request], int]:
    """Users ask in their own rhythm, whatever becomes of their requests, while `act` runs; connections that ended."""
    requests: list[Request] = []
    ended: list[float] = []
    over = asyncio.Event()
    every = (KEPT + SINGLE) / RATE

    async def user(number: int) -> None:
        kept, used = number < KEPT, False
        client = Client(scene.nginx.port)
        await asyncio.sleep(every * number / (KEPT + SINGLE))
        while not over.is_set():
            if kept and client.ended:  # the reload has closed it: nobody sends on that
                ended.append(time.time())
                await client.close()
                used = False
            began = time.time()
            try:
                answer = await client.get(connection="keep-alive" if kept else "close")
                requests.append(Request(began=began, colour=answer.body, kept=used))
                used = kept
            except (OSError, asyncio.IncompleteReadError):
                requests.append(Request(began=began, colour="lost", kept=used))
                used = False
                await client.close()
            await asyncio.sleep(max(0.0, began + every - time.time()))
        with contextlib.suppress(OSError):
            await client.close()

    users = [asyncio.ensure_future(user(number)) for number in range(KEPT + SINGLE)]
    await act()
    over.set()
    await asyncio.gather(*users)
    return requests, len(ended)


@pytest.mark.parametrize("reload", [False, True], ids=["brake", "reload"])
def test_a_rollback_under_load(reload: bool) -> None:  # noqa: FBT001 - a parameter of pytest's
    """A brake drops nothing; a reload nothing of one-request connections, and only what was idle of the others."""
    with world(split=at(1.0), workers=2) as scene:

        async def play(router: NginxRouter) -> None:
            marks: list[float] = []

            async def act() -> None:
                await asyncio.sleep(0.7)
                marks.append(time.time())
                if reload:
                    back = await router.apply(at(0.0), brake=True, note="")
                    assert back.braked_at is not None
                    marks.append(back.braked_at)
                    assert back.ok
                else:
                    marks.append(await router.pull_brake(GREEN, BrakeKind.DIVERT, ""))
                await asyncio.sleep(0.7)

            requests, ended = await under_load(scene, act)
            ordered, braked = marks
            lost = [request for request in requests if request.colour == "lost"]
            after = [request for request in requests if request.began >= braked]
            last = max(request.began for request in requests if request.colour == "green")
            assert 0.7 * RATE < len(requests)
            assert 0.4 * RATE < len(after)
            assert {"blue"} == {request.colour for request in after} - {"lost"}
            assert last < braked
            assert all(request.kept for request in lost)  # never the first request of a connection
            assert ended + len(lost) <= (KEPT if reload else 0)
            kind = "reload" if reload else "brake"
            figure(f"{kind}: order to brake", f"{(braked - ordered) * 1000:.1f} ms")
            figure(
                f"{kind}: requests, lost", f"{len(requests)}, {len(lost)}; idle connections ended: {ended} of {KEPT}"
            )

        scene.run(play)
