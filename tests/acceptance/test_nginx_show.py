"""From an operator's own nginx to one that obeys: the printed lines are put in, and traffic goes as before."""

import shutil
from pathlib import Path

import pytest

from simulations.lab.nginx import Location
from tests.acceptance.nginx_world import BLUE, GREEN, Answer, World, at, world
from tests.traffic.nginx.operators import obey
from watchdog.traffic.nginx import workers
from watchdog.traffic.nginx.commands import run
from watchdog.traffic.nginx.findings import ShowResult
from watchdog.traffic.nginx.router import NginxRouter
from watchdog.traffic.nginx.show import show

pytestmark = pytest.mark.acceptance

PATHS = ["/", "/api/labs?x=1&y=%20z", "/api/a%2Fb/../c", "/one", "/q/7?z", "/raw//x?y", "/api/moved"]


def asked(scene: World) -> ShowResult:
    return show(
        main=scene.nginx.conf,
        directory=scene.directory,
        services=list(scene.setups.values()),
        socket=scene.folder / "edge.sock",
    )


def operators_own(scene: World) -> Path:
    """Replace the configuration by one from before the program came, the server block in a file of its own."""
    run, port = scene.nginx.run_dir, scene.nginx.port
    text = scene.nginx.conf.read_text()
    head = text[: text.index("    include")].replace("worker_shutdown_timeout 60s;\n", "")
    blue = scene.ports["app", BLUE]
    scene.nginx.conf.write_text(
        f"{head}    upstream app {{ server 127.0.0.1:{blue}; }}\n"
        "    proxy_set_header X-Forwarded-For $remote_addr;\n"
        "    include site.d/*.conf;\n}\n"
    )
    site = run / "site.d" / "site.conf"
    site.parent.mkdir()
    site.write_text(
        f"server {{\n    listen 127.0.0.1:{port} backlog=1024;\n"
        "    location / { proxy_pass http://app; }\n"
        "    location /api/ {\n        add_header X-Own yes;\n        proxy_pass http://app/base/;\n    }\n"
        "    location = /one { proxy_pass http://app/two; }\n"
        "    location ~ ^/q/ { proxy_pass http://app; }\n"
        "    location /raw { proxy_pass http://app$request_uri; }\n"
        "}\n"
    )
    return site


def seen(answers: list[Answer]) -> list[tuple[object, ...]]:
    keys = ("x-uri", "x-host", "x-own", "location")
    return [(answer.status, answer.body, *(answer.headers.get(key) for key in keys)) for answer in answers]


def test_the_printed_lines_make_it_obey() -> None:
    """Paths, queries, Host, redirects and logs are as before the change; then a release goes out and comes back."""
    with world(split=at(0.0)) as scene:
        site = operators_own(scene)
        pristine = (scene.nginx.conf.read_text(), site.read_text())

        async def play(router: NginxRouter) -> None:
            await reloaded(scene, router)
            before = seen(await scene.answers([{"path": path} for path in PATHS], at_once=1))
            assert not (await scene.answers([{"path": "/"}]))[0].cookie
            first = asked(scene)
            assert ((), False) == (first.refusals, first.in_place)
            obey(first.lines)
            again = asked(scene)
            assert ((), True) == (again.refusals, again.in_place), again
            await reloaded(scene, router)
            after = await scene.answers([{"path": path} for path in PATHS], at_once=1)
            assert before == seen(after)
            assert all(answer.cookie.startswith("rwd=") for answer in after)
            assert (scene.nginx.run_dir / "access.log").read_text().count("GET /one") == 2

            assert [] == [check for check in await router.prepare([at(0.0), at(1.0)]) if not check.ok]
            assert (await router.apply(at(1.0), brake=False, note="")).ok
            assert {"green": 20} == await scene.fresh(20, "/api/x")
            back = await router.apply(at(0.0), brake=True, note="")
            assert back.braked_at is not None
            assert (await router.prove(BLUE, back.braked_at)).ok
            assert not scene.flag(BLUE).exists()
            assert scene.flag(GREEN).exists()

            # The way back: the operator's files as they were, and ours gone.
            scene.nginx.conf.write_text(pristine[0])
            site.write_text(pristine[1])
            shutil.rmtree(scene.directory)
            await reloaded(scene, router)
            assert before == seen(await scene.answers([{"path": path} for path in PATHS], at_once=1))

        scene.run(play)


async def reloaded(scene: World, router: NginxRouter) -> None:
    """nginx has read its files, by the router's own commands: they wait for the new workers."""
    pid = scene.nginx.run_dir / "nginx.pid"
    before = workers.active(pid)
    test = await run(scene.nginx.test_argv, 5.0)
    assert test.ok, test
    await run(scene.nginx.reload_argv, 5.0)
    assert await router._switch._taken_up(before) is not None


def test_the_laboratorys_operator_is_in_place() -> None:
    """The configuration that all our scenes run on is what `show` asks for."""
    with world() as scene:
        result = asked(scene)

        assert ((), True) == (result.refusals, result.in_place), result


def test_a_trap_of_the_laboratory_is_not_in_place() -> None:
    """The same operator with a cache key that mixes colours is refused."""
    cache = "proxy_cache z; proxy_cache_key $host$request_uri;"
    zone = "proxy_cache_path /nonexistent keys_zone=z:64k;"
    with world() as scene:
        location = Location(service="app", path="/", directives=cache)
        conf = scene.nginx.conf
        plain = Location(service="app", path="/").text()
        conf.write_text(conf.read_text().replace(plain, location.text()).replace("http {", f"http {{ {zone}"))

        assert [True] == ["mixes the colours" in each for each in asked(scene).refusals]
