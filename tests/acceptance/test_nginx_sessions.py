"""Sessions in memory on a real nginx: nobody changes colour at a step, everybody at a rollback, and a cookie tells."""

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from simulations.lab.nginx import Location
from tests.acceptance.nginx_world import BLUE, GREEN, TOKEN, Answer, World, at, world
from watchdog.core.model import BrakeKind
from watchdog.traffic.nginx.lines import cookie_line
from watchdog.traffic.nginx.pools import session
from watchdog.traffic.nginx.router import NginxRouter

pytestmark = pytest.mark.acceptance

NAME = "rwd_app_session"
COOKIE = cookie_line("app")
SPREAD = 200
"""Browsers of one kind; at 10 % about 20 of them are drawn."""


class Browser:
    """Keeps the cookies that it is given."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}
        self.on = ""

    def take(self, answer: Answer) -> None:
        self.cookies |= answer.cookies
        self.on = answer.body

    def request(self, path: str) -> dict[str, str]:
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"path": path, **({"cookie": jar} if jar else {})}


@contextlib.contextmanager
def scene(**operator: Any) -> Iterator[World]:
    located = {"locations": [Location(service="app", directives=COOKIE)], **operator}
    with world(setup={"sessions_in_memory": True}, **located) as made:
        yield made


async def ask(this: World, browsers: Sequence[Browser], path: str = "/") -> Counter[str]:
    """One request of each; how many are on which colour now."""
    answers = await this.answers([browser.request(path) for browser in browsers])
    for browser, answer in zip(browsers, answers, strict=True):
        browser.take(answer)
    return on(browsers)


def on(browsers: Sequence[Browser]) -> Counter[str]:
    return Counter(browser.on for browser in browsers)


def made(count: int = SPREAD) -> list[Browser]:
    return [Browser() for _ in range(count)]


async def order(
    router: NginxRouter, weight: float, *, salt: str = "d1", promoted: bool = False, brake: bool = False
) -> None:
    applied = await router.apply(at(weight, salt=salt, promoted=promoted), brake=brake, note="")
    assert applied.ok, applied


def test_a_whole_release_changes_nobodys_colour() -> None:
    """Sessions stay where they began through 10, 50 and 100 %; only new ones follow the weight; promotion ends it."""
    with scene() as this:

        async def steps(router: NginxRouter) -> None:
            before = made()
            assert {"blue": SPREAD} == await ask(this, before)
            assert all(check.ok for check in await router.prepare([at(0.1), at(1.0)]))
            generations = [before]
            for weight, least, most in ((0.1, 5, 40), (0.5, 70, 130), (1.0, SPREAD, SPREAD)):
                await order(router, weight)
                was = [on(browsers) for browsers in generations]
                assert was == [await ask(this, browsers) for browsers in generations]
                fresh = made()
                assert least <= (await ask(this, fresh))["green"] <= most
                generations.append(fresh)
            everybody = [browser for browsers in generations for browser in browsers]
            colours = [browser.on for browser in everybody]
            await ask(this, everybody)
            assert colours == [browser.on for browser in everybody]

            await order(router, 1.0, promoted=True)
            assert {"green": len(everybody)} == await ask(this, everybody)
            assert {session(at(1.0), GREEN)} == {browser.cookies[NAME] for browser in everybody}

        this.run(steps)


@pytest.mark.parametrize("reload", [True, False], ids=["rollback", "brake alone"])
def test_a_rollback_moves_everybody_and_says_so(reload: bool) -> None:  # noqa: FBT001 - a case of the test
    """Brake and rollback overrule the cookie; the fresh one keeps them on stable when the brake is gone."""
    with scene(split=at(0.5)) as this:

        async def steps(router: NginxRouter) -> None:
            browsers = made()
            assert 60 < (await ask(this, browsers))["green"] < 140
            if reload:
                await order(router, 0.0, brake=True)
            else:
                await router.pull_brake(GREEN, BrakeKind.DIVERT, "")
            assert {"blue": SPREAD} == await ask(this, browsers)
            assert {session(at(0.5), BLUE)} == {browser.cookies[NAME] for browser in browsers}
            if not reload:
                await router.release_brake(GREEN)
                assert {"blue": SPREAD} == await ask(this, browsers)
                assert 60 < (await ask(this, made()))["green"] < 140

        this.run(steps)


def test_a_later_deployment_does_not_know_earlier_cookies() -> None:
    """Who was on the candidate of a rolled-back deployment and did not come since is on stable at the next one."""
    with scene(split=at(1.0)) as this:

        async def steps(router: NginxRouter) -> None:
            away, back = made(20), made(20)
            assert {"green": 40} == await ask(this, away) + await ask(this, back)
            await order(router, 0.0, brake=True)
            await ask(this, back)
            this.flag(GREEN).unlink()
            await order(router, 0.0, salt="d2")
            await order(router, 1.0, salt="d2")
            assert {"blue": 40} == await ask(this, away) + await ask(this, back)
            assert {"green": 20} == await ask(this, made(20))

        this.run(steps)


def test_first_contact_through_an_internal_redirect() -> None:
    """The colour that answered is the one that the cookie names, also where nginx forgets who the client was."""
    server = (
        f"root /nonexistent; {COOKIE} location / {{ try_files $uri @app; }}"
        " location @app { proxy_pass http://$rwd_app_pool; proxy_set_header Host $host; }"
        " location /broken { proxy_intercept_errors on; error_page 502 = @app;"
        " proxy_pass http://$rwd_app_pool; proxy_set_header Host $host; }"
    )
    with scene(split=at(0.5), locations=[], server=server) as this:

        async def steps(_: NginxRouter) -> None:
            browsers = made()
            for path in ("/", "/broken"):
                first = await ask(this, browsers, "/")
                assert {"blue", "green"} == set(first)
                named = Counter(browser.cookies[NAME].partition(".")[2] for browser in browsers)
                assert first == named == await ask(this, browsers, path)

        this.run(steps)


def test_forged_cookies_and_clients_without() -> None:
    """Garbage is an old session and stays on stable; a stolen value is a session on the candidate, under the brake."""
    with scene(split=at(1.0)) as this:

        async def steps(router: NginxRouter) -> None:
            def forged(value: str) -> dict[str, str]:
                return {"path": "/", "cookie": f"{NAME}={value}"}

            garbage = [
                "x",
                "green",
                ".green",
                "%00",
                '"; $rwd_app_pool',
                "a" * 5000,
                session(at(1.0, salt="d9"), GREEN),
            ]
            answers = await this.answers([forged(value) for value in garbage], at_once=4)
            assert {(200, "blue")} == {(answer.status, answer.body) for answer in answers}
            known = forged(session(at(1.0), GREEN))
            assert ["green"] == [answer.body for answer in await this.answers([known])]
            await router.pull_brake(GREEN, BrakeKind.ROLLBACK, "")
            assert ["blue"] == [answer.body for answer in await this.answers([known])]

        this.run(steps)


def test_probes_reach_the_candidate_and_are_given_no_session() -> None:
    """By the token at any weight and with any cookie; drawn ones are new sessions."""
    with scene(split=at(0.0)) as this:

        async def steps(router: NginxRouter) -> None:
            old = Browser()
            await ask(this, [old])
            probe = {**old.request("/"), "x_rwd_probe": TOKEN}
            assert [("green", {})] == [(each.body, each.cookies) for each in await this.answers([probe])]
            await order(router, 1.0)
            drawn = {"path": "/", "x_rwd_probe": f"{TOKEN}.user"}
            assert [("green", session(at(1.0), GREEN))] == [
                (each.body, each.cookies[NAME]) for each in await this.answers([drawn])
            ]

        this.run(steps)


def test_without_the_cookies_line_nothing_starts() -> None:
    """A step would move sessions that have already begun, so the preparation fails and says which line is missing."""
    with scene(locations=[Location(service="app")]) as this:

        async def steps(router: NginxRouter) -> list[str]:
            return [check.detail for check in await router.prepare([at(0.1)]) if not check.ok]

        (detail,) = this.run(steps)
        assert COOKIE in detail
