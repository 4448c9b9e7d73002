"""The parts of the HAProxy router that need no HAProxy; the real one is in acceptance and contract."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.core.model import BrakeKind, Colour, Split
from watchdog.outside.haproxy_table import Backend
from watchdog.traffic.base import RouterError
from watchdog.traffic.haproxy import judge, states
from watchdog.traffic.haproxy.router import HaproxyRouter
from watchdog.traffic.haproxy.shares import LARGEST, share_of, weigh
from watchdog.traffic.haproxy.states import Known, Server
from watchdog.traffic.memory import Remembered
from watchdog.traffic.probes import Entry

BLUE, GREEN = Colour.BLUE, Colour.GREEN
REST = Split(stable=BLUE, candidate=GREEN, weight=0.0, salt="d1")
TENTH = replace(REST, weight=0.1)
PROMOTED = replace(REST, weight=1.0, promoted=True)

# Shares


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.1, (28, 252)), (0.5, (256, 256)), (0.01, (2, 198)), (0.25, (85, 255)), (0.0, (0, 256)), (1.0, (256, 0))],
)
def test_weights_give_the_share_that_was_ordered(share: float, expected: tuple[int, int]) -> None:
    """With one server per colour most shares of plans are met exactly."""
    made = weigh(share, {"green": 128}, {"blue": 100})
    assert expected == (made.of["green"], made.of["blue"])
    assert share == made.share


def test_servers_of_a_colour_keep_their_proportions() -> None:
    """One that was configured with half of the weight gets half."""
    made = weigh(0.2, {"g1": 100, "g2": 50}, {"b1": 0, "b2": 0})
    assert made.of["g1"] == pytest.approx(2 * made.of["g2"], abs=1)
    assert made.of["b1"] == made.of["b2"]
    assert 0.2 == pytest.approx(made.share, abs=0.005)


@given(
    share=st.floats(0.001, 0.999),
    candidate=st.lists(st.integers(0, 256), min_size=1, max_size=4),
    stable=st.lists(st.integers(0, 256), min_size=1, max_size=4),
)
def test_every_server_of_a_colour_with_users_has_some(share: float, candidate: list[int], stable: list[int]) -> None:
    """Weights are in HAProxy's range, none is 0, and the share that is said is the one that they make."""
    green = {f"g{index}": weight for index, weight in enumerate(candidate)}
    blue = {f"b{index}": weight for index, weight in enumerate(stable)}
    made = weigh(share, green, blue)
    assert all(1 <= weight <= LARGEST for weight in made.of.values())
    assert made.share == share_of(made.of, list(green), list(blue))


def test_nobody_has_a_share_where_nobody_has_a_weight() -> None:
    assert None is share_of({"blue": 0, "green": 0}, ["green"], ["blue"])


# States and judgements


def known(green: int = 28, blue: int = 252, *, process: str = "1", **changes: Any) -> Known:
    """What HAProxy says; `changes` are green's."""

    def server(name: str, weight: int) -> Server:
        return Server(
            name=name,
            weight=weight,
            configured=128,
            maintenance=False,
            draining=False,
            agent=False,
            status="UP",
            requests=0.0,
            open=0,
        )

    servers = {BLUE: (server("blue", blue),), GREEN: (replace(server("green", green), **changes),)}
    return Known(process=process, version="2.6", backend=Backend(mode="http", rows={}), servers=servers)


@pytest.mark.parametrize(
    ("last", "seen", "expected"),
    [
        (Remembered(split=TENTH, process="1"), known(), ""),
        (Remembered(split=TENTH, process="1"), known(128, 128), ""),
        (Remembered(split=TENTH, process="0"), known(128, 128), "gave 50.0 % to green"),
        (Remembered(split=TENTH, process="0"), known(1, 255), ""),
        (Remembered(split=REST, process="0"), known(0, 256), "lost which servers get no users"),
        (Remembered(split=REST, process="1"), known(0, 256), ""),
        (Remembered(split=REST, process="0"), known(0, 256, maintenance=True), ""),
        (Remembered(split=TENTH, brake=BrakeKind.DIVERT, process="0"), known(), "lost which servers get no users"),
        (Remembered(split=TENTH, brake=BrakeKind.DIVERT, process="1"), known(), ""),
        (Remembered(split=REST, brake=BrakeKind.ROLLBACK, process="1"), known(), "readied a server"),
        (Remembered(split=REST, brake=BrakeKind.ROLLBACK, process="0"), known(), "restarted or reloaded and green"),
        (Remembered(split=PROMOTED, process="0"), known(256, 128), "lost which servers get no users"),
    ],
)
def test_only_what_leads_towards_stable_is_put_back(last: Remembered, seen: Known, expected: str) -> None:
    """After a restart, and after a rollback always; whatever else differs is for people."""
    said = judge.lost(last, seen)
    assert (expected in said) if expected else said == ""


def test_a_hands_cut_is_told_from_ours() -> None:
    """Where the last order keeps users from a colour nobody can tell, and it counts as ours."""
    cut = known(maintenance=True)
    assert judge.by_hand(Remembered(split=TENTH), cut, GREEN)
    assert judge.by_hand(None, cut, GREEN)
    assert not judge.by_hand(Remembered(split=REST), cut, GREEN)
    assert not judge.by_hand(Remembered(split=TENTH, brake=BrakeKind.DIVERT), cut, GREEN)
    assert not judge.by_hand(Remembered(split=TENTH), known(), GREEN)


def test_without_memory_the_colour_with_all_users_is_stable() -> None:
    """Nothing more is made up."""
    for seen, stable, weight in (
        (known(0, 256), BLUE, 0.0),
        (known(256, 0), GREEN, 0.0),
        (known(64, 192), BLUE, 0.25),
        (known(64, 192, maintenance=True), BLUE, 0.0),
    ):
        split = judge.in_force(None, seen).split
        assert (stable, weight) == (split and split.stable, split and split.weight)
    assert None is judge.in_force(None, known(0, 0)).split


def test_an_order_is_in_force_when_every_server_says_so() -> None:
    """Weights and states are both looked at."""
    assert "" == judge.not_in_force(Remembered(split=TENTH), known())
    assert "server green has weight 5, not 28" == judge.not_in_force(Remembered(split=TENTH), known(5))
    cut = Remembered(split=TENTH, brake=BrakeKind.DIVERT)
    assert "keep every server of green" in judge.not_in_force(cut, known())
    assert "green has 10.00 % by weight; HAProxy holds green for down" == judge.said(TENTH, known(status="DOWN 1/2"))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("", "no statistics"),
        ("# pxname,svname,\napp,BACKEND,\n\n1\n# be_id srv_name\n", "has no server blue"),
        ("# pxname,svname,\nother,BACKEND,\n\n1\n# be_id srv_name\n", "there is no backend app; HAProxy has: other"),
    ],
)
def test_an_answer_that_lacks_something_says_what(said: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        states.read(said, "app", {BLUE: ("blue",), GREEN: ("green",)})


# Without a HAProxy


def router(folder: Path) -> HaproxyRouter:
    return HaproxyRouter(
        service="app",
        socket=str(folder / "none.sock"),
        backend="app",
        servers={BLUE: ("blue",), GREEN: ("green",)},
        addresses={BLUE: ("127.0.0.1:1",), GREEN: ("127.0.0.1:1",)},
        state=folder,
        entry=Entry(url="http://127.0.0.1:1/", host="localhost"),
        token="x",
        wall=time.time,
    )


def test_nothing_hangs_where_no_haproxy_is(tmp_path: Path) -> None:
    """Every question and order ends in words; what is in force is not known."""

    async def scene() -> None:
        made = router(tmp_path)
        assert not (await made.apply(REST, brake=True, note="x")).ok
        assert not (await made.apply(TENTH, brake=False, note="x")).ok
        assert None is (await made.observe()).split
        assert not (await made.prove(BLUE, time.time())).ok
        assert not all(check.ok for check in await made.prepare((REST,)))
        for attempt in (
            made.pull_brake(GREEN, BrakeKind.DIVERT, "x"),
            made.release_brake(GREEN),
            made.drain(GREEN, 0.0),
            made.cut_route(GREEN, "login", cut=True, note="x"),
        ):
            with pytest.raises(RouterError):
                await attempt
        await made.close()

    asyncio.run(scene())
