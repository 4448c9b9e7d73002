"""Several services behind one nginx: each is watched and rolled back by itself, unless the file says together."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest

from simulations.lab.environment import SceneService
from simulations.lab.nginx import Location
from simulations.lab.processes import run_folder
from simulations.lab.scene import Scene
from tests.acceptance.daemon_world import Watch, changes
from tests.acceptance.faults.world import at_half, report
from tests.acceptance.nginx_world import World, at, world
from watchdog.traffic.nginx.router import NginxRouter

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

LOAD: dict[str, Any] = {"rate": 30, "users": 60, "keep_alive": 8, "seed": 2}
SHOP, STORE = SceneService(), SceneService(name="store", path="/store/")


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with (
        run_folder() as folder,
        Scene(folder, services=(SHOP, STORE), changes=changes("shop", "store"), seed=1) as running,
    ):
        for each in (SHOP, STORE):
            running.start_load(name=each.name, paths=((each.path, 1.0),), **LOAD)
        yield running


def configured(scene: Scene, services: dict[str, Any]) -> None:
    """The daemon runs with this, whatever the test before left."""
    scene.write_environment({"services": services} if services else None)
    if scene._daemon is None or not scene.daemon.running:
        scene.start_daemon()
    else:
        Watch(scene).client.reload()


def canaries(scene: Scene, release: str) -> tuple[Watch, Watch]:
    shop, store = Watch(scene, "shop"), Watch(scene, "store")
    for watch in (shop, store):
        scene.fault("green", service=watch.service, clear=True)
        if watch.deployment().get("phase") not in ("soaking", "shifting"):
            watch.submit(release, plan="canary")
    for watch in (shop, store):
        watch.until(at_half, "a healthy canary")
    return shop, store


def test_a_bad_release_of_one_service_is_no_matter_of_the_other(scene: Scene) -> None:
    """The shop is rolled back; the store's canary keeps its users, its soak goes on, and nobody is told about it."""
    configured(scene, {})
    shop, store = canaries(scene, "2.0")
    mine, other = shop.deployment()["id"], store.deployment()
    scene.fault("green", error_rate=1.0)
    shop.until_phase("rolled_back")
    after = store.until(lambda view: at_half(view) and view["deployment"]["soaked"] > other["soaked"] + 1.0, "soak")

    assert other["id"] == after["deployment"]["id"]
    assert ([], []) == (store.of(other["id"], "SplitOrdered")[1:], store.incidents(other["id"]))
    assert 1 == len(shop.of(mine, "RollbackOrdered"))


def test_services_of_one_group_are_rolled_back_together(scene: Scene) -> None:
    """`rollback_with`: the store goes back with the shop, though nothing is wrong with it."""
    configured(scene, {"shop": {"rollback_with": ["store"]}, "store": {"rollback_with": ["shop"]}})
    shop, store = canaries(scene, "3.0")
    deployments = [watch.deployment()["id"] for watch in (shop, store)]
    broken = scene.fault("green", error_rate=1.0)
    for watch in (shop, store):
        watch.until_phase("rolled_back")
    report("group", both_after_s=round(time.time() - broken, 1))

    assert [1, 1] == [
        len(watch.of(name, "RollbackOrdered")) for watch, name in zip((shop, store), deployments, strict=True)
    ]
    assert "3.0" in shop.view()["known_bad"]
    assert [] == store.view()["known_bad"]


def test_eight_rollbacks_at_once_do_not_wait_for_each_other() -> None:
    """One nginx tests and reloads for one service at a time; every brake is on before the first reload has ended."""
    names = [f"app{number}" for number in range(8)]
    places = [Location(service=name, path=f"/{name}/") for name in names]
    with world(services={name: {} for name in names}, locations=places) as scene:
        braked, ended = asyncio.run(roll_all_back(scene, names))
    report("eight", brakes_on_after_ms=round(1000 * max(braked)), all_after_s=round(max(ended), 2))

    assert all(scene.flag(at(0.0).candidate, name) for name in names)
    assert max(braked) < min(ended)
    assert max(braked) < 0.1


async def roll_all_back(scene: World, names: list[str]) -> tuple[list[float], list[float]]:
    """Seconds until each brake was on, and until each order had ended."""
    turn = asyncio.Lock()
    routers = [scene.router(name, turn=turn) for name in names]
    for router in routers:
        assert all(check.ok for check in await router.prepare([at(0.0), at(0.5)]))
        assert (await router.apply(at(0.5), brake=False, note="step")).ok
    began = time.time()

    async def back(router: NginxRouter) -> tuple[float, float]:
        done = await router.apply(at(0.0), brake=True, note="rollback")
        assert done.braked_at is not None
        return done.braked_at - began, time.time() - began

    try:
        times = await asyncio.gather(*(back(router) for router in routers))
    finally:
        for router in routers:
            await router.close()
    return [each for each, _ in times], [each for _, each in times]
