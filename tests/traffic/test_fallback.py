import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tests.daemon.helpers import ClockFake, RouterFake
from watchdog.core.model import BrakeKind, Colour, Split
from watchdog.traffic.base import Applied, RouterError
from watchdog.traffic.fallback import FallbackRouter

REST = Split(stable=Colour.BLUE, candidate=Colour.GREEN, weight=0.0, salt="d1")
HALF = Split(stable=Colour.BLUE, candidate=Colour.GREEN, weight=0.5, salt="d1")


class Closing(RouterFake):
    """A fake that can be let go of, and that may say that an order did not come into force."""

    closed = False
    refuses = False

    async def apply(self, split: Split, *, brake: bool, note: str) -> Applied:
        applied = await super().apply(split, brake=brake, note=note)
        return Applied(ok=False, in_force=HALF, warnings=("slow",), detail="refused") if self.refuses else applied

    async def close(self) -> None:
        self.closed = True


def play(scene: Callable[[FallbackRouter, Closing, Closing], Coroutine[Any, Any, None]]) -> None:
    first, second = Closing(clock=ClockFake()), Closing(clock=ClockFake())
    asyncio.run(scene(FallbackRouter(first, second, first_within=0.05), first, second))


def test_the_second_is_not_asked_while_the_first_works() -> None:
    """Neither for a step nor for a rollback."""

    async def scene(router: FallbackRouter, first: Closing, second: Closing) -> None:
        await router.apply(HALF, brake=False, note="x")
        await router.pull_brake(Colour.GREEN, BrakeKind.DIVERT, "x")
        await router.release_brake(Colour.GREEN)
        await router.cut_route(Colour.GREEN, "login", cut=True, note="x")
        assert () == (await router.apply(REST, brake=True, note="x")).warnings
        await router.observe()
        await router.prove(Colour.BLUE, 0.0)
        await router.drain(Colour.GREEN, 0.0)
        assert [] == second.asked
        await router.close()
        assert first.closed
        assert second.closed

    play(scene)


@pytest.mark.parametrize("how", ["raises", "hangs", "refuses"])
def test_a_rollback_that_the_first_cannot_do_is_done_by_the_second(how: str) -> None:
    """It is said in a warning, and from then on the second is asked what is in force and whether it is proved."""

    async def scene(router: FallbackRouter, first: Closing, second: Closing) -> None:
        first.refuses = how == "refuses"
        first.fails = {"rollback": "no socket", "observe": "no socket"} if how == "raises" else {}
        first.hangs = {"rollback"} if how == "hangs" else set()
        applied = await router.apply(REST, brake=True, note="x")
        assert (True, REST) == (applied.ok, applied.in_force)
        assert "the fallback was told to" in applied.warnings[-1]
        assert ["rollback"] == second.asked
        first.fails = {}
        seen = await router.observe()
        assert (REST, BrakeKind.ROLLBACK) == (seen.split, seen.braked)
        assert "the fallback rolled back" in seen.detail
        assert (await router.prove(Colour.BLUE, 0.0)).ok
        assert ["rollback", "observe", "prove"] == second.asked

    play(scene)


def test_when_both_fail_both_say_why() -> None:
    async def scene(router: FallbackRouter, first: Closing, second: Closing) -> None:
        first.fails = {"rollback": "no socket"}
        second.fails = {"rollback": "no script"}
        applied = await router.apply(REST, brake=True, note="x")
        assert not applied.ok
        assert "no socket; the fallback: no script" == applied.detail

    play(scene)


def test_a_step_has_no_second_way() -> None:
    """What the first cannot do towards the candidate is not done."""

    async def scene(router: FallbackRouter, first: Closing, second: Closing) -> None:
        first.fails = {"apply": "no socket"}
        with pytest.raises(RouterError):
            await router.apply(HALF, brake=False, note="x")
        assert [] == second.asked

    play(scene)


def test_the_checklist_has_both() -> None:
    """The second's lines say whose they are; a preparation that holds makes the first the one that is asked again."""

    async def scene(router: FallbackRouter, first: Closing, second: Closing) -> None:
        first.refuses = True
        await router.apply(REST, brake=True, note="x")
        names: list[Any] = [check.name for check in await router.prepare((REST,))]
        names += [check.name for check in await router.recheck(Colour.BLUE)]
        names += [check.name for check in await router.rehearse((REST,), drill=True)]
        assert 3 == len([name for name in names if name.startswith("fallback: ")])
        assert "drill" not in second.asked
        second.asked.clear()
        await router.prove(Colour.BLUE, 0.0)
        assert [] == second.asked

    play(scene)
