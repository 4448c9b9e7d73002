"""The nginx router against a real nginx: preparation, orders, brake, proof."""

import asyncio
import time

import pytest

from tests.acceptance.nginx_world import BLUE, GREEN, TOKEN, at, world
from watchdog.core.edge import ProbeMark
from watchdog.core.model import BrakeKind, Split
from watchdog.traffic.base import Router, RouterError
from watchdog.traffic.nginx import render, workers
from watchdog.traffic.nginx.router import NginxRouter

pytestmark = pytest.mark.acceptance

ALL_SPLITS = [at(0.0), at(0.1), at(0.5), at(1.0), at(1.0, promoted=True)]


async def prepared(router: NginxRouter, splits: list[Split]) -> None:
    assert [] == [check for check in await router.prepare(splits) if not check.ok]


async def in_force(router: NginxRouter, split: Split) -> None:
    applied = await router.apply(split, brake=False, note="a step")
    assert (True, split, "") == (applied.ok, applied.in_force, applied.detail)
    assert split == (await router.observe()).split


async def rolled_back(router: NginxRouter, split: Split) -> float:
    """Roll back to `split` and prove it; since when the brake holds."""
    back = await router.apply(split, brake=True, note="d1/7 rollback")
    assert back.ok, back
    assert back.braked_at is not None
    proof = await router.prove(split.stable, back.braked_at)
    assert (True, 0) == (proof.ok, proof.to_candidate), proof
    return back.braked_at


def test_a_release_goes_out_and_comes_back() -> None:
    """A prepared release gets its step, is cut off, and the proof on an idle service is made by twenty probes."""
    with world() as scene:

        async def play(router: NginxRouter) -> None:
            await prepared(router, ALL_SPLITS)
            await in_force(router, at(0.5))
            drawn = await scene.fresh(400)
            assert 200 - 45 < drawn["green"] < 200 + 45

            back = await router.apply(at(0.0), brake=True, note="d1/7\nrollback")
            assert back.braked_at is not None
            proof = await router.prove(BLUE, back.braked_at)
            assert (True, 20, 20, 0) == (proof.ok, proof.probes, proof.to_stable, proof.to_candidate)
            assert {"blue": 100} == await scene.fresh(100)
            seen = await router.observe()
            assert (at(0.0), BrakeKind.ROLLBACK, GREEN) == (seen.split, seen.braked, seen.braked_colour)
            assert "note: d1/7 rollback\n" in scene.flag(GREEN).read_text()
            # What the rollback used up lies ready again.
            assert scene.live().read_text() == (scene.directory / ".app.http.conf.stable").read_text()
            assert (scene.state / "brake" / ".app.green").exists()

        scene.run(play)


def test_two_releases_with_swapped_colours_and_both_braked() -> None:
    """A promoted colour is the next release's stable, and each rollback leads to the right one."""
    with world() as scene:

        async def play(router: NginxRouter) -> None:
            await prepared(router, ALL_SPLITS)
            await in_force(router, at(1.0))
            await in_force(router, at(1.0, promoted=True))
            await rolled_back(router, at(0.0))
            assert {"blue": 40} == await scene.fresh(40)

            await prepared(router, [at(0.0, salt="d2"), at(1.0, salt="d2")])
            assert not scene.flag(GREEN).exists()
            await in_force(router, at(1.0, salt="d2"))
            await in_force(router, at(1.0, salt="d2", promoted=True))
            assert {"green": 40} == await scene.fresh(40)

            swapped = [at(0.0, stable=GREEN, salt="d3"), at(0.5, stable=GREEN, salt="d3")]
            await prepared(router, swapped)
            assert {"green": 40} == await scene.fresh(40)
            await in_force(router, swapped[1])
            assert {"blue", "green"} == set(await scene.fresh(60))
            await rolled_back(router, swapped[0])
            assert {"green": 40} == await scene.fresh(40)
            seen = await router.observe()
            assert (swapped[0], BrakeKind.ROLLBACK, BLUE) == (seen.split, seen.braked, seen.braked_colour)

        scene.run(play)


def test_promotion_moves_nobody_and_takes_in_those_without_a_cookie() -> None:
    """At 100 % clients that cannot be drawn are on stable; promoted they follow the candidate; braked all go back."""
    no_cookie = "location /plain { userid off; proxy_pass http://$rwd_app_pool; }"
    with world(server=no_cookie) as scene:

        async def play(router: NginxRouter) -> None:
            await prepared(router, ALL_SPLITS)
            await in_force(router, at(1.0))
            assert ({"green": 20}, {"blue": 20}) == (await scene.fresh(20), await scene.fresh(20, "/plain"))
            await in_force(router, at(1.0, promoted=True))
            assert ({"green": 20}, {"green": 20}) == (await scene.fresh(20), await scene.fresh(20, "/plain"))
            await router.pull_brake(GREEN, BrakeKind.DIVERT, "suspicion")
            assert ({"blue": 20}, {"blue": 20}) == (await scene.fresh(20), await scene.fresh(20, "/plain"))
            assert {"green": 5} == await scene.fresh(5, x_rwd_probe=TOKEN)

        scene.run(play)


def test_the_brake_is_pulled_and_released() -> None:
    """A divert cuts users off and lets them back; probes reach the candidate meanwhile, drawn probes do not."""
    with world(split=at(1.0)) as scene:

        async def play(router: NginxRouter) -> None:
            assert {"green": 20} == await scene.fresh(20)
            pulled = await router.pull_brake(GREEN, BrakeKind.DIVERT, "suspicion")
            assert {"blue": 20} == await scene.fresh(20)
            assert {"green": 20} == await scene.fresh(20, x_rwd_probe=TOKEN)
            assert {"blue": 20} == await scene.fresh(20, x_rwd_probe=f"{TOKEN}.user")
            assert BrakeKind.DIVERT is (await router.observe()).braked
            assert pulled <= await router.pull_brake(GREEN, BrakeKind.DIVERT, "again")
            await router.release_brake(GREEN)
            released = await router.release_brake(GREEN)
            assert pulled < released
            assert {"green": 20} == await scene.fresh(20)
            assert None is (await router.observe()).braked

        scene.run(play)


def test_a_brake_by_hand_is_a_humans() -> None:
    """`touch` cuts the candidate off; the router tells whose brake it is, and neither releases nor removes it."""
    with world(split=at(1.0)) as scene:

        async def play(router: NginxRouter) -> None:
            scene.flag(GREEN).touch()
            assert {"blue": 20} == await scene.fresh(20)
            seen = await router.observe()
            assert (BrakeKind.HAND, GREEN) == (seen.braked, seen.braked_colour)
            with pytest.raises(RouterError, match=f"rm {scene.flag(GREEN)}"):
                await router.release_brake(GREEN)
            await rolled_back(router, at(0.0))
            assert BrakeKind.HAND is (await router.observe()).braked
            failed = [check for check in await router.prepare([at(0.0, salt="d2")]) if not check.ok]
            assert [("brakes off", True)] == [(check.name, "set by hand" in check.detail) for check in failed]
            assert scene.flag(GREEN).exists()

        scene.run(play)


def test_the_same_split_again_changes_nothing() -> None:
    """An order that is in force already reloads nothing, and neither does a second rollback."""
    with world() as scene:

        async def play(router: NginxRouter) -> None:
            await prepared(router, ALL_SPLITS)
            await in_force(router, at(0.1))
            before = workers.active(scene.nginx.run_dir / "nginx.pid")
            await in_force(router, at(0.1))
            assert before == workers.active(scene.nginx.run_dir / "nginx.pid")
            await rolled_back(router, at(0.0))
            after = workers.active(scene.nginx.run_dir / "nginx.pid")
            await rolled_back(router, at(0.0))
            assert after == workers.active(scene.nginx.run_dir / "nginx.pid") != before

        scene.run(play)
        # A router that remembers nothing sees by the workers' ages that the file is loaded.
        assert at(0.0) == scene.run(lambda router: router.observe()).split


def test_preparing_really_tests_and_reloads() -> None:
    """Also when the file is in force already: that the reload works is what the checklist has to show."""
    with world() as scene:

        async def play(router: NginxRouter) -> None:
            await prepared(router, [at(0.0)])
            before = workers.active(scene.nginx.run_dir / "nginx.pid")
            await prepared(router, [at(0.0)])
            assert not before & workers.active(scene.nginx.run_dir / "nginx.pid")

        scene.run(play)


def test_a_file_that_nginx_has_not_read_is_not_in_force() -> None:
    """After a crash between rename and reload nothing is claimed, and the same order makes it true."""
    with world() as scene:
        time.sleep(0.05)  # workers' ages are known to 10 ms
        scene.live().write_text(render.service_http(scene.setups["app"], at(0.5)))

        async def play(router: NginxRouter) -> None:
            seen = await router.observe()
            assert (None, True) == (seen.split, "until a reload" in seen.detail)
            assert {"blue": 40} == await scene.fresh(40)
            await in_force(router, at(0.5))
            assert {"blue", "green"} == set(await scene.fresh(40))

        scene.run(play)


def test_an_edit_by_hand_is_noticed() -> None:
    """A changed body, a foreign file and a missing file each say so, and none is taken for a split."""
    with world() as scene:
        live, written = scene.live(), scene.live().read_text()
        for text, said in (
            (written.replace("* blue;", "50% green; * blue;"), "edited by hand"),
            ("upstream app { server 127.0.0.1:1; }\n", "not the one that rollback-watchdog writes"),
            (written.replace('"version": 1', '"version": 9'), "version 9"),
        ):
            live.write_text(text)
            seen = scene.run(lambda router: router.observe())
            assert (None, True) == (seen.split, said in seen.detail), seen
            failed = [check for check in scene.run(lambda router: router.prepare([at(0.0)])) if not check.ok]
            assert "files as we left them" == failed[0].name
            assert text == live.read_text()
        live.unlink()
        assert "is not there" in scene.run(lambda router: router.observe()).detail


def test_probes_are_told_apart_in_the_log() -> None:
    """A candidate probe and a drawn probe each leave a line with their own mark."""
    with world() as scene:

        async def play(router: NginxRouter) -> None:
            began = time.time() - 0.01
            assert 200 == (await router.send_probe(user=False)).status
            assert 200 == (await router.send_probe(user=True)).status
            await scene.lines(began, 2)
            lines = scene.edge.started_since("app", began)
            assert [(ProbeMark.CANDIDATE_PROBE, GREEN), (ProbeMark.DRAWN_PROBE, BLUE)] == [
                (line.mark, line.colour) for line in lines
            ]

        scene.run(play)


@pytest.mark.parametrize("split", [at(1.0), at(1.0, promoted=True)])
def test_the_cheap_checks_change_nothing_for_users(split: Split) -> None:
    """The checklist's cheap part holds during a deployment and after promotion, and again while braked."""
    with world(split=split) as scene:

        async def play(router: NginxRouter) -> None:
            for _ in range(2):
                checks = await router.recheck(BLUE)
                assert [] == [check for check in checks if not check.ok]
                assert "brake works through nginx" == checks[-1].name
                await router.pull_brake(GREEN, BrakeKind.DIVERT, "")
            assert {"blue": 20} == await scene.fresh(20)

        scene.run(play)


def test_the_router_is_one_of_the_routers() -> None:
    """It has what the daemon asks of every router."""
    with world() as scene:
        router: Router = scene.router()
        assert at(0.0) == asyncio.run(router.observe()).split
