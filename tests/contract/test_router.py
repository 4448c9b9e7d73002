"""What every router must do, on the real balancers and on the fake that stands for them elsewhere."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.contract import routers
from tests.contract.routers import Bench
from watchdog.core.model import BrakeKind, Colour, Split
from watchdog.traffic.base import Router, RouterError

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(60)]

BLUE, GREEN = Colour.BLUE, Colour.GREEN
HOME = Split(stable=BLUE, candidate=GREEN, weight=0.0, salt="d1")
HALF = replace(HOME, weight=0.5)
FULL = replace(HOME, weight=1.0)
PROMOTED = replace(FULL, promoted=True)
PLAN = (HOME, HALF, FULL, PROMOTED)


@pytest.fixture(scope="module", params=["nginx", "haproxy", "command", "fake"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with getattr(routers, request.param)() as made:
        yield made


@pytest.fixture(autouse=True)
def prepared(bench: Bench) -> None:
    """Every test begins with a deployment that has been prepared."""

    async def home(router: Router) -> None:
        await router.apply(HOME, brake=True, note="test")
        checks = await router.prepare(PLAN)
        assert () == tuple(check for check in checks if not check.ok)

    bench.run(home)


async def serves(bench: Bench, green: float) -> None:
    """Users are where they were ordered to be."""
    shares = await bench.serves()
    if green in (0.0, 1.0) or not bench.draws:
        assert green == shares[GREEN]
    else:
        assert abs(shares[GREEN] - green) < 0.2


def test_a_prepared_deployment_has_moved_nobody(bench: Bench) -> None:
    """Stable has all users, no brake is seen, and the router says so."""

    async def scene(router: Router) -> None:
        seen = await router.observe()
        assert (0.0, BLUE, None) == (seen.split and seen.split.weight, seen.split and seen.split.stable, seen.braked)
        await serves(bench, 0.0)

    bench.run(scene)


def test_a_step_is_in_force_and_read_back(bench: Bench) -> None:
    """The split that was ordered is the one that is observed, also the second time and by another router object."""

    async def scene(router: Router) -> None:
        for split in (HALF, HALF, FULL, PROMOTED):
            applied = await router.apply(split, brake=False, note="test")
            assert (True, split) == (applied.ok, applied.in_force)
            assert split == (await router.observe()).split
            await serves(bench, split.weight)

    bench.run(scene)
    assert PROMOTED == bench.run(lambda router: router.observe()).split


def test_a_brake_takes_users_off_and_its_release_brings_them_back(bench: Bench) -> None:
    """A divert's brake leaves the split as it was ordered."""

    async def scene(router: Router) -> None:
        await router.apply(HALF, brake=False, note="test")
        before = bench.wall()
        for _ in range(2):
            assert before <= await router.pull_brake(GREEN, BrakeKind.DIVERT, "test")
        await serves(bench, 0.0)
        seen = await router.observe()
        assert (HALF, BrakeKind.DIVERT, GREEN) == (seen.split, seen.braked, seen.braked_colour)
        for _ in range(2):
            assert before <= await router.release_brake(GREEN)
        await serves(bench, 0.5)
        assert (HALF, None) == ((await router.observe()).split, (await router.observe()).braked)

    bench.run(scene)


def test_a_rollback_is_proved_and_may_be_ordered_twice(bench: Bench) -> None:
    """It cuts the candidate off, and users are on stable, as live traffic shows."""

    async def scene(router: Router) -> None:
        await router.apply(FULL, brake=False, note="test")
        before = since = bench.wall()
        for _ in range(2):
            applied = await router.apply(HOME, brake=True, note="test")
            assert (True, HOME) == (applied.ok, applied.in_force)
            since = applied.braked_at or 0.0
            assert before <= since <= bench.wall()
        await serves(bench, 0.0)
        proof = await router.prove(BLUE, since)
        assert (True, 0) == (proof.ok, proof.to_candidate)
        seen = await router.observe()
        assert (0.0, BrakeKind.ROLLBACK, GREEN) == (seen.split and seen.split.weight, seen.braked, seen.braked_colour)

    bench.run(scene)


def test_a_rollbacks_brake_outlasts_a_diverts(bench: Bench) -> None:
    """Its release by the divert is refused or does nothing, also after a restart of the daemon."""

    async def rolled_back(router: Router) -> None:
        await router.apply(HALF, brake=False, note="test")
        await router.pull_brake(GREEN, BrakeKind.DIVERT, "test")
        await router.apply(HOME, brake=True, note="test")
        await router.pull_brake(GREEN, BrakeKind.DIVERT, "test")

    async def scene(router: Router) -> None:
        for _ in range(2):
            with contextlib.suppress(RouterError):
                await router.release_brake(GREEN)
        await serves(bench, 0.0)
        assert BrakeKind.ROLLBACK is (await router.observe()).braked

    bench.run(rolled_back)
    bench.run(scene)


def test_the_next_preparation_takes_a_rollbacks_brake_away(bench: Bench) -> None:
    """Then a step reaches users again."""

    async def scene(router: Router) -> None:
        await router.apply(HOME, brake=True, note="test")
        assert all(check.ok for check in await router.prepare(PLAN))
        assert (await router.apply(HALF, brake=False, note="test")).ok
        await serves(bench, 0.5)
        assert None is (await router.observe()).braked

    bench.run(scene)


def test_a_promoted_release_is_rolled_back_too(bench: Bench) -> None:
    """Everybody is on the previous version again."""

    async def scene(router: Router) -> None:
        await router.apply(FULL, brake=False, note="test")
        await router.apply(PROMOTED, brake=False, note="test")
        assert all(check.ok for check in await router.recheck(BLUE))
        assert (await router.apply(HOME, brake=True, note="test")).ok
        await serves(bench, 0.0)

    bench.run(scene)


def test_a_rollback_beats_a_step_that_is_under_way(bench: Bench) -> None:
    """Whatever order they come in, users end up on stable."""

    async def scene(router: Router) -> None:
        step = asyncio.ensure_future(router.apply(HALF, brake=False, note="test"))
        rollback = asyncio.ensure_future(router.apply(HOME, brake=True, note="test"))
        later = asyncio.ensure_future(router.apply(HOME, brake=True, note="test"))
        await step
        assert (await rollback).ok
        assert (await later).ok
        await serves(bench, 0.0)

    bench.run(scene)


@pytest.mark.parametrize("split", [HOME, HALF])
def test_looking_and_rehearsing_leave_everything_as_it_was(bench: Bench, split: Split) -> None:
    """Recheck and drill hold, and change neither the split nor a brake nor who gets users."""

    async def scene(router: Router) -> None:
        if split.weight:
            await router.apply(split, brake=False, note="test")
        before = await router.observe()
        checks = [*await router.recheck(BLUE), *await router.rehearse(PLAN, drill=False)]
        checks += await router.rehearse(PLAN, drill=True)
        assert () == tuple(check for check in checks if not check.ok)
        assert before == await router.observe()
        await serves(bench, split.weight)

    bench.run(scene)


def test_what_is_open_on_a_cut_colour_is_waited_for(bench: Bench) -> None:
    """It ends within its time, and says what is open, or that nobody can tell."""

    async def scene(router: Router) -> None:
        await router.apply(HOME, brake=True, note="test")
        began = time.monotonic()
        drained = await router.drain(GREEN, 0.2)
        assert time.monotonic() - began < 3.0
        assert drained.open is None or drained.open <= 1  # nginx keeps an idle connection to its upstream

    bench.run(scene)
