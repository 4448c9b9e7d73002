"""What an operator's nginx may contain, and what becomes of split, brake and log then."""

import asyncio
import time

import pytest

from simulations.lab.nginx import Location
from tests.acceptance.nginx_world import BLUE, GREEN, TOKEN, at, world
from watchdog.core.model import BrakeKind
from watchdog.traffic.nginx.router import NginxRouter

pytestmark = pytest.mark.acceptance


def test_the_operators_open_file_cache_does_not_delay_the_brake() -> None:
    """With a file cache in the http block the brake engages and is released at once all the same."""
    cache = "open_file_cache max=1000 inactive=60s; open_file_cache_valid 60s; open_file_cache_errors on;"
    with world(split=at(1.0), http=cache) as scene:

        async def play(router: NginxRouter) -> None:
            for _ in range(3):
                assert {"green": 10} == await scene.fresh(10)
                await router.pull_brake(GREEN, BrakeKind.DIVERT, "")
                assert {"blue": 10} == await scene.fresh(10)
                await router.release_brake(GREEN)

        scene.run(play)


def test_headers_of_a_location_and_the_inherited_log_stay() -> None:
    """A location with its own `add_header` keeps it beside our cookie; the operator's log still has its lines."""
    headers = Location(service="app", path="/", directives="add_header X-Own yes always;")
    with world(split=at(0.0), locations=[headers]) as scene:

        async def play(_: NginxRouter) -> None:
            answer = (await scene.answers([{"path": "/headers"}]))[0]
            assert ("yes", True) == (answer.headers["x-own"], answer.cookie.startswith("rwd="))
            await scene.lines(0, 1)
            assert "GET /headers" in (scene.nginx.run_dir / "access.log").read_text()

        scene.run(play)


def test_a_path_of_proxy_pass_is_kept_by_a_rewrite() -> None:
    """What `proxy_pass http://app/base/;` did is done by `rewrite ... break` before the variable: same URI upstream."""
    kept = Location(service="app", path="/api/", directives="rewrite ^/api/(.*)$ /base/$1 break;")
    with world(locations=[kept]) as scene:

        async def play(_: NginxRouter) -> None:
            answer = (await scene.answers([{"path": "/api/labs?x=1&y=%20"}]))[0]
            assert "/base/labs?x=1&y=%20" == answer.headers["x-uri"]

        scene.run(play)


def test_a_rewrite_before_our_include_means_stable() -> None:
    """Where the operator's server-level rewrite skips our gate, users get stable, once promoted the candidate."""
    with world(split=at(1.0), server_first="rewrite ^/old(.*)$ /new$1 last;") as scene:

        async def play(router: NginxRouter) -> None:
            assert ({"blue": 5}, {"green": 5}) == (await scene.fresh(5, "/old"), await scene.fresh(5, "/x"))
            assert (await router.apply(at(1.0, promoted=True), brake=False, note="")).ok
            assert {"green": 5} == await scene.fresh(5, "/old")

        scene.run(play)


def test_the_operators_own_userid_is_the_key() -> None:
    """With the operator's cookie instead of ours nobody changes colour."""
    own = "userid on; userid_name visitor; userid_path /;"
    with world(split=at(0.5), userid=False, server=own) as scene:

        async def play(_: NginxRouter) -> None:
            first = await scene.answers([{"path": "/"}] * 100)
            assert all(answer.cookie.startswith("visitor=") for answer in first)
            again = await scene.answers([{"path": "/", "cookie": answer.cookie} for answer in first])
            assert [answer.body for answer in first] == [answer.body for answer in again]

        scene.run(play)


def test_a_rewritten_request_is_logged_as_it_came() -> None:
    """Method and route in the line are the client's, also after a rewrite and an internal redirect."""
    server = (
        "location /labs { rewrite ^ /x/y break; proxy_pass http://$rwd_app_pool; }\n"
        "location /turn { error_page 405 =200 /labs/turned; return 405; }\n"
    )
    with world(services={"app": {"labs": "/labs"}}, server=server) as scene:

        async def play(_: NginxRouter) -> None:
            await scene.answers([{"path": "/labs/1", "method": "POST"}], at_once=1)
            await scene.answers([{"path": "/turn", "method": "POST"}], at_once=1)
            lines = await scene.lines(0, 2)
            assert [("labs", True), ("other", True)] == [(line.route, line.write) for line in lines]

        scene.run(play)


def test_extra_upstream_directives_are_used() -> None:
    """least_conn and the operator's keepalive stand in our upstreams, in an order that nginx accepts."""
    with world(split=at(0.5), pool=("keepalive 7", "least_conn", "keepalive_timeout 2s")) as scene:

        async def play(_: NginxRouter) -> None:
            text = scene.live().read_text()
            assert text.index("least_conn") < text.index("keepalive 7; keepalive_timeout 2s;")
            assert "keepalive 32" not in text
            assert {"blue", "green"} == set(await scene.fresh(40))

        scene.run(play, pool=("keepalive 7", "least_conn", "keepalive_timeout 2s"))


def test_what_nginx_takes_for_a_flag() -> None:
    """A flag of mode 000 and a link to a file brake; a folder and a dangling link do not; the router says the same."""
    with world(split=at(1.0)) as scene:

        async def play(router: NginxRouter) -> None:
            flag = scene.flag(GREEN)
            flag.touch(mode=0)
            assert ({"blue": 5}, BrakeKind.HAND) == (await scene.fresh(5), (await router.observe()).braked)
            flag.unlink()
            flag.symlink_to(scene.live())
            assert ({"blue": 5}, BrakeKind.HAND) == (await scene.fresh(5), (await router.observe()).braked)
            flag.unlink()
            flag.symlink_to("nowhere")
            assert ({"green": 5}, None) == (await scene.fresh(5), (await router.observe()).braked)
            flag.unlink()
            flag.mkdir()
            assert ({"green": 5}, None) == (await scene.fresh(5), (await router.observe()).braked)

        scene.run(play)


def test_a_request_that_began_before_the_brake_is_a_straggler() -> None:
    """A slow request that was already on the candidate ends there; the proof counts it and holds."""
    # limit_req holds a request after the brake was looked at and before it is passed on.
    slow = "location /slow { limit_req zone=slow burst=5; proxy_pass http://$rwd_app_pool; }"
    zone = "limit_req_zone $server_port zone=slow:64k rate=2r/s;"
    with world(split=at(1.0), http=zone, server=slow) as scene:

        async def play(router: NginxRouter) -> None:
            assert {"green": 1} == await scene.fresh(1, "/slow")
            under_way = asyncio.ensure_future(scene.fresh(1, "/slow"))
            await asyncio.sleep(0.1)
            back = await router.apply(at(0.0), brake=True, note="")
            assert back.braked_at is not None
            proof = await router.prove(BLUE, back.braked_at)
            assert {"green": 1} == await under_way
            await asyncio.sleep(0.1)
            proof = await router.prove(BLUE, back.braked_at)
            assert (True, 0, 1) == (proof.ok, proof.to_candidate, proof.stragglers), proof

        scene.run(play)


def test_a_probe_token_is_needed() -> None:
    """A header that carries anything else is drawn like a user and logged as one."""
    with world(split=at(0.0)) as scene:

        async def play(_: NginxRouter) -> None:
            began = time.time() - 0.01
            for value in ("x", f"{TOKEN}x", f"{TOKEN}.", "1"):
                assert {"blue": 1} == await scene.fresh(1, x_rwd_probe=value)
            assert {0} == {line.mark for line in await scene.lines(began, 4)}

        scene.run(play)
