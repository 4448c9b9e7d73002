"""One route cut off from the candidate, through a real nginx."""

import asyncio
import time

import pytest

from tests.acceptance.nginx_world import BLUE, GREEN, TOKEN, World, at, world
from watchdog.core.model import BrakeKind
from watchdog.traffic.base import RouterError
from watchdog.traffic.nginx import render
from watchdog.traffic.nginx.router import NginxRouter

pytestmark = pytest.mark.acceptance

ROUTES = {"app": {"labs": "/labs", "reports": "~^/reports?/"}}


async def cut(router: NginxRouter, route: str, *, on: bool = True) -> float:
    return await router.cut_route(GREEN, route, cut=on, note="d1/7")


async def outcome(scene: World) -> dict[str, set[str]]:
    """The colours that answer users, by path."""
    return {path: set(await scene.fresh(10, path)) for path in ("/", "/labs", "/labs/7", "/labsx", "/report/1")}


def test_one_routes_users_go_to_stable() -> None:
    """The others stay; probes are not affected; released they go back, and the cut is as quick as the brake."""
    with world(split=at(1.0), services=ROUTES) as scene:

        async def play(router: NginxRouter) -> None:
            began = time.time()
            at_once = await cut(router, "labs")
            assert began <= at_once < began + 0.1
            assert at_once <= await cut(router, "labs")
            labs, others = {"blue"}, {"green"}
            expected = {"/": others, "/labs": labs, "/labs/7": labs, "/labsx": others, "/report/1": others}
            assert expected == await outcome(scene)
            assert {"green": 5} == await scene.fresh(5, "/labs", x_rwd_probe=TOKEN)
            assert {"blue": 5} == await scene.fresh(5, "/labs", x_rwd_probe=f"{TOKEN}.user")
            assert [] == [check for check in await router.recheck(BLUE) if not check.ok]
            await cut(router, "reports")
            assert {"blue": 5} == await scene.fresh(5, "/reports/2")
            await cut(router, "other")
            assert {"blue": 5} == await scene.fresh(5)
            for route in ("labs", "reports", "other"):
                await cut(router, route, on=False)
                await cut(router, route, on=False)
            assert all(each == {"green"} for each in (await outcome(scene)).values())

        scene.run(play)


def test_a_cut_route_stays_cut_through_steps_and_promotion() -> None:
    """A reload keeps it, a brake beside it is released without it, and it works on a promoted candidate."""
    with world(split=at(0.5), services=ROUTES) as scene:

        async def play(router: NginxRouter) -> None:
            await cut(router, "labs")
            await router.pull_brake(GREEN, BrakeKind.DIVERT, "")
            await router.release_brake(GREEN)
            for split in (at(1.0), at(1.0, promoted=True)):
                assert (await router.apply(split, brake=False, note="")).ok
                assert ({"blue": 20}, {"green": 20}) == (await scene.fresh(20, "/labs"), await scene.fresh(20))

        scene.run(play)


def test_a_redirect_inside_nginx_keeps_the_route_that_came() -> None:
    """A rewrite or an internal redirect to another path does not lead around the cut, and moves nobody else."""
    server = (
        "location /labs { rewrite ^ /x/y break; proxy_pass http://$rwd_app_pool; }\n"
        "location /turn { try_files /nothing /labs/turned; }\n"
    )
    with world(split=at(1.0), services=ROUTES, server=server) as scene:

        async def play(router: NginxRouter) -> None:
            await cut(router, "labs")
            assert {"blue": 10} == await scene.fresh(10, "/labs")
            assert {"green": 10} == await scene.fresh(10, "/turn")

        scene.run(play)


def test_a_preparation_takes_cuts_away_and_leaves_a_humans() -> None:
    """What we set goes with the deployment; a flag made by hand stops the next one, and is not ours to remove."""
    with world(services=ROUTES) as scene:

        async def play(router: NginxRouter) -> None:
            await cut(router, "labs")
            assert [] == [check for check in await router.prepare([at(0.0)]) if not check.ok]
            by_hand = scene.state / "brake" / "app.green.labs"
            assert not by_hand.exists()
            by_hand.touch()
            with pytest.raises(RouterError, match=f"rm {by_hand}"):
                await cut(router, "labs", on=False)
            failed = [check for check in await router.prepare([at(0.0)]) if not check.ok]
            assert [("brakes off", True)] == [(check.name, str(by_hand) in check.detail) for check in failed]

        scene.run(play)


def test_a_cut_that_nginx_would_not_see_is_refused() -> None:
    """An unknown route, the older file, and a file that nginx has not read yet: each with what is to be done."""
    with world(split=at(1.0), services=ROUTES) as scene:
        server = scene.directory / "app.server.conf"
        older = render.service_servers(scene.setups["app"], str(scene.state / "brake"))[1]

        async def play(router: NginxRouter) -> None:
            with pytest.raises(RouterError, match="knows no route nonsense of app, it knows other, labs, reports"):
                await cut(router, "nonsense")
            present = server.read_text()
            await asyncio.sleep(0.05)  # workers' ages are known to 10 ms
            server.write_text(older)
            with pytest.raises(RouterError, match="run rollback-watchdog nginx write"):
                await cut(router, "labs")
            scene.nginx.reload()
            checks = await router.recheck(BLUE)
            assert [] == [check for check in checks if not check.ok]
            assert "routes cannot be cut: run nginx write" in checks[1].detail
            server.write_text(present)
            with pytest.raises(RouterError, match="nginx has not read"):
                await cut(router, "labs")
            scene.nginx.reload()
            await cut(router, "labs")
            assert {"blue": 5} == await scene.fresh(5, "/labs")

        scene.run(play)
