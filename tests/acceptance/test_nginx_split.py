"""How nginx divides clients: as ordered, the same user always alike, and only towards the candidate as it grows."""

import math

import pytest

from tests.acceptance.nginx_world import BLUE, TOKEN, World, at, world
from watchdog.traffic.nginx.router import NginxRouter

pytestmark = pytest.mark.acceptance

CLIENTS = 4000


async def order(router: NginxRouter, weight: float, salt: str = "d1") -> None:
    applied = await router.apply(at(weight, salt=salt), brake=False, note="a step")
    assert applied.ok, applied


async def colours(scene: World, cookies: list[str], path: str = "/") -> list[str]:
    return [answer.body for answer in await scene.answers([{"path": path, "cookie": cookie} for cookie in cookies])]


@pytest.mark.parametrize("weight", [0.005, 0.1, 0.5])
def test_fresh_clients_are_split_as_ordered(weight: float) -> None:
    """Of 4,000 clients without a cookie the candidate gets its share, within 4.5 standard deviations."""
    with world(split=at(weight)) as scene:

        async def play(_: NginxRouter) -> None:
            drawn = await scene.fresh(CLIENTS)
            assert CLIENTS == drawn.total()
            spread = math.sqrt(CLIENTS * weight * (1 - weight))
            assert abs(drawn["green"] - CLIENTS * weight) < 4.5 * spread, drawn

        scene.run(play)


def test_users_stay_and_only_move_to_the_candidate() -> None:
    """A user's first answer and all later ones come from one colour; as the weight grows nobody moves back."""
    with world(split=at(0.1)) as scene:

        async def play(router: NginxRouter) -> None:
            first = await scene.answers([{"path": "/"}] * 400)
            cookies = [answer.cookie for answer in first]
            assert 400 == len(set(cookies))
            before = [answer.body for answer in first]
            assert before == await colours(scene, cookies)
            for weight, low, high in ((0.5, 150, 250), (0.9, 320, 390), (1.0, 400, 400)):
                await order(router, weight)
                after = await colours(scene, cookies)
                assert after == await colours(scene, cookies)
                assert [] == [old for old, new in zip(before, after, strict=True) if (old, new) == ("green", "blue")]
                assert low <= after.count("green") <= high
                before = after
            await order(router, 0.0)
            assert {"blue"} == set(await colours(scene, cookies))

        scene.run(play)


def test_another_release_draws_anew() -> None:
    """The same users are drawn independently for another release: its first victims are not the last one's."""
    with world(split=at(0.5)) as scene:

        async def play(router: NginxRouter) -> None:
            first = await scene.answers([{"path": "/"}] * 400)
            cookies = [answer.cookie for answer in first]
            await order(router, 0.5, salt="d2")
            second = await colours(scene, cookies)
            same = sum(one.body == two for one, two in zip(first, second, strict=True))
            assert 150 < same < 250

        scene.run(play)


@pytest.mark.parametrize(
    ("server", "path"),
    [
        (
            "root /nonexistent; location / { try_files $uri @app; } location @app { proxy_pass http://$rwd_app_pool; }",
            "/",
        ),
        ("location / { error_page 418 = @app; return 418; } location @app { proxy_pass http://$rwd_app_pool; }", "/"),
        ("location / { rewrite ^/(.*)$ /in/$1 last; } location /in/ { proxy_pass http://$rwd_app_pool; }", "/x"),
        ("location / { location /deep { proxy_pass http://$rwd_app_pool; } }", "/deep"),
    ],
    ids=["try_files", "error_page", "rewrite", "nested"],
)
def test_first_contact_through_an_internal_redirect(server: str, path: str) -> None:
    """The cookie that a client gets belongs to the colour that answered it, also after an internal redirect;
    while braked none of these ways leads to the candidate, and probes still do."""
    with world(split=at(0.5), locations=[], server=server) as scene:

        async def play(router: NginxRouter) -> None:
            first = await scene.answers([{"path": path}] * 200)
            assert {"blue", "green"} == {answer.body for answer in first}
            cookies = [answer.cookie for answer in first]
            assert [answer.body for answer in first] == await colours(scene, cookies, path)
            back = await router.apply(at(0.0), brake=True, note="")
            assert back.ok
            assert {"blue": 50} == await scene.fresh(50, path)
            assert {"green": 5} == await scene.fresh(5, path, x_rwd_probe=TOKEN)

        scene.run(play)


def test_forged_cookies_are_split_too() -> None:
    """Garbage, empty and foreign cookies crash nothing; a client that sends them gets an answer."""
    with world(split=at(0.5)) as scene:

        async def play(_: NginxRouter) -> None:
            forged = ["rwd=", "rwd=x", f"rwd={'A' * 22}", f"rwd={'%' * 5000}", 'rwd="; $rwd_app_pool', "other=1"]
            answers = await scene.answers([{"path": "/", "cookie": cookie} for cookie in forged * 10], at_once=4)
            assert {200} == {answer.status for answer in answers}
            assert {"blue", "green"} >= {answer.body for answer in answers}

        scene.run(play)


def test_services_and_users_are_independent() -> None:
    """One cookie serves two services in one nginx; a brake and a weight of one leave the other alone."""
    services = {"app": {"login": "/app/login"}, "shop-2": {"login": "/shop-2/login", "pay": "~^/shop-2/(pay|cart)$"}}
    with world(split=at(0.5), services=services, locations=[], server=two_locations()) as scene:

        async def play(router: NginxRouter) -> None:
            first = await scene.answers([{"path": "/app/"}] * 200)
            cookies = [answer.cookie for answer in first]
            app, shop = await colours(scene, cookies, "/app/"), await colours(scene, cookies, "/shop-2/")
            assert 60 < sum(one == two for one, two in zip(app, shop, strict=True)) < 140
            back = await router.apply(at(0.0), brake=True, note="")
            assert back.ok, back
            assert {"blue"} == set(await colours(scene, cookies, "/app/"))
            assert shop == await colours(scene, cookies, "/shop-2/")
            other = scene.router("shop-2")
            for asked in (router, other):
                assert [] == [check for check in await asked.recheck(BLUE) if not check.ok]
            await other.close()

        scene.run(play)


def test_each_service_has_its_own_routes() -> None:
    """The line of a request names the route by the map of the service that got it, whatever the other one maps."""
    services = {
        "app": {"login": "/login", "everything": "/"},
        "shop-2": {"sign-in": "/login", "pay": "~^/shop-2/(pay|cart)$", "quoted": '~"[x]{2}\\.html$'},
    }
    with world(services=services, locations=[], server=two_locations()) as scene:

        async def play(_: NginxRouter) -> None:
            asked = ["/login", "/login/form", "/loginform", "/shop-2/pay", "/shop-2/payment", "/shop-2/%22xx.html"]
            for path in asked:
                await scene.fresh(1, path, at_once=1)
            shop, app = await scene.lines(0, 3, "shop-2"), await scene.lines(0, 3)
            assert ["login", "login", "everything"] == [line.route for line in app]
            assert ["pay", "other", "quoted"] == [line.route for line in shop]

        scene.run(play)


def two_locations() -> str:
    return (
        "location / { proxy_pass http://$rwd_app_pool; }\nlocation /shop-2/ { proxy_pass http://$rwd_shop_2_pool; }\n"
    )
