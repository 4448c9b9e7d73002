"""What happens to HAProxy and its servers: gone, restarted, reloaded, frozen, fought over; users who persist."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from simulations.lab.processes import wait_until
from tests.acceptance.haproxy_router_world import BLUE, GREEN, Agent, World, at, world
from watchdog.core.model import BrakeKind, Check
from watchdog.traffic.base import RouterError
from watchdog.traffic.haproxy.router import HaproxyRouter

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(60)]

PLAN = (at(0.0), at(0.1), at(1.0), at(1.0, promoted=True))
Scene = Callable[[HaproxyRouter], Awaitable[None]]


@pytest.fixture(scope="module")
def keeping() -> Iterator[World]:
    """HAProxy reads what was saved when it starts."""
    with world() as made:
        yield made


@pytest.fixture(scope="module")
def forgetting() -> Iterator[World]:
    """A start brings the configured weights back, half of the users for each colour."""
    with world(keeps_state=False, green_weight="128") as made:
        yield made


async def canary(router: HaproxyRouter) -> None:
    """A prepared deployment with 10 % of the users on the candidate."""
    await router.apply(at(0.0), brake=True, note="test")
    assert () == wrong(await router.prepare(PLAN))
    assert (await router.apply(at(0.1), brake=False, note="test")).ok


def wrong(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    return tuple(check for check in checks if not check.ok)


async def green_of_20(made: World) -> int:
    return (await made.fresh(20))["green"]


async def a_tenth(made: World) -> bool:
    """Whether the candidate has about 10 % of the users: HAProxy's turns are even, wherever they begin."""
    return 1 <= await green_of_20(made) <= 4


# Gone, restarted, reloaded, frozen


def test_a_socket_that_is_gone_is_said_and_the_next_try_works(keeping: World, tmp_path: Path) -> None:
    """A rollback without the socket fails in words and at once, users stay where they are; it works once it is back."""

    async def scene(router: HaproxyRouter) -> None:
        await canary(router)
        aside = keeping.socket.rename(tmp_path / "aside")
        failed = await router.apply(at(0.0), brake=True, note="test")
        assert not failed.ok
        assert "there is no socket" in failed.detail
        assert failed.braked_at is None
        assert None is (await router.observe()).split
        assert not (await router.prove(BLUE, time.time())).ok
        assert "HAProxy takes orders" in [check.name for check in wrong(await router.recheck(BLUE))]
        assert await a_tenth(keeping)
        aside.rename(keeping.socket)
        assert (await router.apply(at(0.0), brake=True, note="test")).ok
        assert 0 == await green_of_20(keeping)

    keeping.run(scene)


def test_a_restart_that_loses_a_canarys_weights_is_put_right(forgetting: World) -> None:
    """Half of the users would be on the candidate instead of 10 %: the next look puts the order back and says so."""

    async def scene(router: HaproxyRouter) -> None:
        await canary(router)
        forgetting.restart()
        assert 10 == await green_of_20(forgetting)
        seen = await router.observe()
        assert at(0.1) == seen.split
        assert "HAProxy was restarted or reloaded and gave 50.0 % to green: it was put back" == seen.detail
        assert "HAProxy was restarted or reloaded and gave 50.0 % to green" == seen.put_back
        assert await a_tenth(forgetting)
        again = await router.observe()
        assert ("", "") == (again.detail, again.put_back)

    forgetting.run(scene)


def test_a_restart_that_loses_a_rollback_is_put_right(forgetting: World) -> None:
    """The rolled back candidate is open to users until the next look, which cuts it off again and says so."""

    async def rolled_back(router: HaproxyRouter) -> None:
        await canary(router)
        assert (await router.apply(at(0.0), brake=True, note="test")).ok

    async def scene(router: HaproxyRouter) -> None:
        seen = await router.observe()
        assert (0.0, BrakeKind.ROLLBACK) == (seen.split and seen.split.weight, seen.braked)
        assert "green was open to users though it is rolled back: it was put back" in seen.detail
        assert 0 == await green_of_20(forgetting)

    forgetting.run(rolled_back)
    forgetting.restart()
    forgetting.run(scene)


def test_a_restart_that_takes_users_from_the_candidate_is_only_told(keeping: World) -> None:
    """Nobody but a human moves users away from stable after it: what is seen is not what was ordered."""

    async def scene(router: HaproxyRouter) -> None:
        await canary(router)
        keeping.state_file.unlink()
        keeping.restart()
        seen = await router.observe()
        assert 0.0 == (seen.split and seen.split.weight)
        assert "the weights are not those of our last order" == seen.detail

    keeping.run(scene)


@pytest.mark.parametrize("how", ["restart", "reload"])
def test_a_saved_state_outlives_a_restart_and_a_reload(keeping: World, how: str) -> None:
    """Weights and cuts are as they were ordered, in a canary and after a rollback; nothing has to be put right."""

    async def scene(router: HaproxyRouter) -> None:
        await canary(router)
        getattr(keeping, how)()
        assert await a_tenth(keeping)
        seen = await router.observe()
        assert (at(0.1), "") == (seen.split, seen.detail)
        assert (await router.apply(at(0.0), brake=True, note="test")).ok
        getattr(keeping, how)()
        assert 0 == await green_of_20(keeping)
        seen = await router.observe()
        assert (BrakeKind.ROLLBACK, "") == (seen.braked, seen.detail)

    keeping.run(scene)


def test_a_reload_during_a_canary_fails_no_request_and_the_rollback_is_proved(keeping: World) -> None:
    """Clients that open a connection per request see the reload as nothing."""

    async def scene(router: HaproxyRouter) -> None:
        await canary(router)
        answers: list[str] = []
        over = threading.Event()

        def users() -> None:
            while not over.is_set():
                answers.append(asyncio.run(keeping.get())[0])

        thread = threading.Thread(target=users)
        thread.start()
        keeping.reload()  # by this thread: a child ends with the thread that started it
        over.set()
        thread.join()
        assert {"blue", "green"} >= set(answers)
        applied = await router.apply(at(0.0), brake=True, note="test")
        proof = await router.prove(BLUE, applied.braked_at or 0.0)
        assert (True, 0) == (proof.ok, proof.to_candidate)

    keeping.run(scene)


def test_a_frozen_haproxy_ends_an_order_in_time_and_obeys_once_it_goes_on(keeping: World) -> None:
    """A rollback fails within seconds instead of hanging; a step that was stuck before it does not undo it later."""

    async def scene(router: HaproxyRouter) -> None:
        await canary(router)
        keeping.freeze()
        try:
            step = asyncio.create_task(router.apply(at(1.0), brake=False, note="test"))
            await asyncio.sleep(0)
            began = time.monotonic()
            failed = await router.apply(at(0.0), brake=True, note="test")
            assert time.monotonic() - began < 5.0
            assert not failed.ok
            assert "timeout" in failed.detail
            assert not (await step).ok
        finally:
            keeping.thaw()
        assert (await router.apply(at(0.0), brake=True, note="test")).ok
        assert 0 == await green_of_20(keeping)
        assert BrakeKind.ROLLBACK is (await router.observe()).braked

    keeping.run(scene, timeout=0.3)


# Others who give orders


@pytest.fixture
def agent() -> Iterator[Agent]:
    made = Agent()
    yield made
    made.close()


def test_a_deployment_does_not_begin_while_an_agent_gives_orders(agent: Agent) -> None:
    """The checklist names the servers and the cure."""
    agent.says = b"up 50%\n"

    async def scene(router: HaproxyRouter) -> None:
        (check,) = wrong(await router.prepare(PLAN))
        assert "agent-check of green" in check.detail
        assert "disable agent app/green" in check.detail

    with world(agent=f"agent-check agent-port {agent.port} agent-inter 100ms") as made:
        made.run(scene)


def test_an_agent_that_says_ready_does_not_end_a_rollback(agent: Agent) -> None:
    """Its `ready` would end the maintenance of the candidate's server: the brake silences it first."""
    agent.says = b"ready up 100%\n"

    async def scene(router: HaproxyRouter) -> None:
        made.ask("disable agent app/green")
        await canary(router)
        made.ask("enable agent app/green")
        asked = agent.asked
        await asyncio.to_thread(wait_until, lambda: agent.asked > asked, what="the agent", children=[])
        assert "agent-check of green is at work" in (await router.observe()).detail
        assert (await router.apply(at(0.0), brake=True, note="test")).ok
        asked = agent.asked
        await asyncio.sleep(0.4)  # four of its turns
        assert agent.asked <= asked + 1
        assert 0 == await green_of_20(made)

    with world(agent=f"agent-check agent-port {agent.port} agent-inter 100ms") as made:
        made.run(scene)


def test_a_candidate_that_somebody_readies_after_a_rollback_is_cut_off_again(keeping: World) -> None:
    """A script that readies all servers must not bring a bad release back."""

    async def scene(router: HaproxyRouter) -> None:
        await canary(router)
        assert (await router.apply(at(0.0), brake=True, note="test")).ok
        keeping.ask("set server app/green state ready;set server app/green weight 100")
        assert 0 < await green_of_20(keeping)
        assert "somebody or an agent readied a server" in (await router.observe()).detail
        assert 0 == await green_of_20(keeping)

    keeping.run(scene)


def test_a_foreign_weight_is_reported_and_left_alone(keeping: World) -> None:
    """What is seen is not what was ordered, which the core calls drift."""

    async def scene(router: HaproxyRouter) -> None:
        await canary(router)
        keeping.ask("set server app/green weight 252")
        seen = await router.observe()
        assert 0.5 == (seen.split and seen.split.weight)
        assert "the weights are not those of our last order" == seen.detail
        assert 10 == await green_of_20(keeping)

    keeping.run(scene)


@pytest.mark.parametrize("state", ["drain", "maint"])
def test_a_candidate_that_is_cut_off_by_hand_stays_so(keeping: World, state: str) -> None:
    """It is seen as a brake by hand; neither a step nor a divert's release undoes it."""

    async def scene(router: HaproxyRouter) -> None:
        await canary(router)
        keeping.ask(f"set server app/green state {state}")
        seen = await router.observe()
        assert (at(0.1), BrakeKind.HAND) == (seen.split, seen.braked)
        await router.apply(at(1.0), brake=False, note="test")
        await router.pull_brake(GREEN, BrakeKind.DIVERT, "test")
        with pytest.raises(RouterError, match="readied by hand: set server app/green state ready"):
            await router.release_brake(GREEN)
        assert BrakeKind.HAND is (await router.observe()).braked
        assert "green" not in keeping.ask("show stat app 4 -1").partition("green,")[2].partition("MAINT")[0]

    keeping.run(scene)


# Users who persist


COOKIE = "cookie SRV insert indirect nocache"
TABLE = "stick-table type ip size 1k expire 10m\n  stick on src"


def test_users_who_persist_by_cookie_leave_the_candidate_at_once() -> None:
    """A divert and a rollback take them, too: HAProxy's `drain` and weight 0 would leave them there."""

    async def scene(router: HaproxyRouter) -> None:
        await canary(router)
        assert ("green", "") == await made.get(cookie="SRV=g")
        await router.pull_brake(GREEN, BrakeKind.DIVERT, "test")
        assert ("blue", "SRV=b") == await made.get(cookie="SRV=g")
        await router.release_brake(GREEN)
        assert ("green", "") == await made.get(cookie="SRV=g")
        applied = await router.apply(at(0.0), brake=True, note="test")
        assert ("blue", "SRV=b") == await made.get(cookie="SRV=g")
        assert (await router.prove(BLUE, applied.braked_at or 0.0)).ok

    with world(persist=COOKIE, cookie_b="cookie b", cookie_g="cookie g") as made:
        made.run(scene)


def test_users_in_a_stick_table_leave_the_candidate_at_once() -> None:
    """The brake overrules the table."""

    async def scene(router: HaproxyRouter) -> None:
        await canary(router)
        await router.apply(at(1.0), brake=False, note="test")
        made.ask("clear table app")
        assert 5 == (await made.fresh(5))["green"]
        await router.apply(at(0.0), brake=True, note="test")
        assert 5 == (await made.fresh(5))["blue"]

    with world(persist=TABLE) as made:
        made.run(scene)


def test_a_rollback_that_persistence_defeats_is_not_called_proved() -> None:
    """With `option persist` HAProxy sends users with a cookie to a server in maintenance: the proof counts them."""

    async def scene(router: HaproxyRouter) -> None:
        await canary(router)
        applied = await router.apply(at(0.0), brake=True, note="test")
        assert "green" == (await made.get(cookie="SRV=g"))[0]
        proof = await router.prove(BLUE, applied.braked_at or 0.0)
        assert (False, 1) == (proof.ok, proof.to_candidate)
        assert "option persist" in proof.detail

    with world(persist=f"{COOKIE}\n  option persist", cookie_b="cookie b", cookie_g="cookie g") as made:
        made.run(scene)


# What is open


def test_what_is_open_may_end_and_is_ended_only_where_that_is_wanted(keeping: World) -> None:
    """A request that began before the brake is answered; `shutdown_sessions` ends it after the deadline."""
    statuses: list[str] = []

    def slow() -> threading.Thread:
        thread = threading.Thread(target=lambda: statuses.append(asyncio.run(keeping.get("/slow"))[0]))
        thread.start()
        assert keeping.apps[GREEN].waiting.acquire(timeout=5.0)
        return thread

    async def scene(router: HaproxyRouter, *, ends: bool) -> None:
        await canary(router)
        await router.apply(at(1.0), brake=False, note="test")
        keeping.apps[GREEN].go.clear()
        thread = await asyncio.to_thread(slow)
        applied = await router.apply(at(0.0), brake=True, note="test")
        proof = await router.prove(BLUE, applied.braked_at or 0.0)
        assert (True, 1, ("server green: 1 open",)) == (proof.ok, proof.open, proof.straggling)
        drained = await router.drain(GREEN, 0.3)
        assert (0 if ends else 1) == drained.open
        keeping.apps[GREEN].go.set()
        await asyncio.to_thread(thread.join)
        assert 0 == (await router.drain(GREEN, 3.0)).open

    keeping.run(lambda router: scene(router, ends=False))
    keeping.run(lambda router: scene(router, ends=True), shutdown_sessions=True)
    assert ["green", "502"] == statuses


# What a preparation refuses


def test_a_socket_that_takes_no_orders_is_refused_before_the_deployment(keeping: World) -> None:
    """Level `user` can be read and not obeyed; the check says which level is wanted."""

    async def scene(router: HaproxyRouter) -> None:
        (check,) = wrong(await router.prepare(PLAN))
        assert "level admin" in check.detail

    keeping.run(scene, socket=str(keeping.folder / "user.sock"))


def test_names_that_haproxy_does_not_know_are_refused_with_those_that_it_has(keeping: World) -> None:
    """A renamed backend or server is found before anybody is moved."""

    async def scene(router: HaproxyRouter) -> None:
        (check,) = wrong(await router.prepare(PLAN))
        assert "no server green-1; it has: blue, green" in check.detail

    keeping.run(scene, servers={BLUE: ("blue",), GREEN: ("green-1",)})


def test_balancing_that_weights_cannot_change_is_refused() -> None:
    """`balance source` without a consistent hash takes no weights, `balance first` looks at none."""

    async def scene(router: HaproxyRouter) -> None:
        assert () != wrong(await router.prepare(PLAN))

    for balance in ("source", "first"):
        with world(balance=balance) as made:
            made.run(scene)


def test_a_state_that_cannot_be_saved_stops_a_deployment_but_no_rollback(keeping: World) -> None:
    """The rollback is done, and the warning says what a reload would lose."""
    nowhere = keeping.folder / "haproxy.cfg" / "server-state"

    async def scene(router: HaproxyRouter) -> None:
        assert ["state can be written"] == [check.name for check in wrong(await router.prepare(PLAN))]
        applied = await router.apply(at(0.0), brake=True, note="test")
        assert applied.ok
        assert ["a reload would lose it"] == [warning.rpartition(": ")[2] for warning in applied.warnings]
        assert 0 == await green_of_20(keeping)

    keeping.run(scene, state_file=nowhere)
