"""The shield on a real nginx: what the candidate fails in a canary step, stable answers, and the log tells."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from simulations.lab.nginx import SHIELD, Location
from simulations.lab.processes import free_port
from tests.acceptance.nginx_world import BLUE, GREEN, TOKEN, Answer, World, at, world
from watchdog.core.edge import EdgeLine
from watchdog.core.model import BrakeKind
from watchdog.sources.edge_counts import is_bad, is_shielded
from watchdog.traffic.nginx.router import NginxRouter

pytestmark = pytest.mark.acceptance

SHORT = "proxy_read_timeout 300ms;"


class Application(ThreadingHTTPServer):
    """Does what the path says for its name: `/green=500/...`, `crash`, `hang`; otherwise it answers its name."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, name: str) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.name = name
        self.seen: Counter[str] = Counter()
        self.ended = threading.Event()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Application

    def _answer(self) -> None:
        self.server.seen[self.command] += 1
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        what = dict(part.split("=") for part in self.path.split("/") if "=" in part).get(self.server.name, "200")
        if what == "hang":
            self.server.ended.wait(5)
        if what in {"crash", "hang"}:
            self.close_connection = True
            return
        self.send_response(int(what))
        if self.close_connection:  # asked in HTTP/1.0: a balancer that is not told keeps a connection that ends
            self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(self.server.name)))
        self.end_headers()
        self.wfile.write(self.server.name.encode())

    do_GET = do_POST = do_PUT = do_PATCH = _answer  # noqa: N815 - the library's names

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def applications(*names: str) -> Iterator[dict[str, Application]]:
    made = {name: Application(name) for name in names}
    threads = [threading.Thread(target=app.serve_forever, args=(0.05,)) for app in made.values()]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        for app in made.values():
            app.ended.set()
            app.shutdown()
            app.server_close()
        for thread in threads:
            thread.join()


@contextlib.contextmanager
def scene(apps: Mapping[str, Application], *, directives: str = "", **setup: Any) -> Iterator[World]:
    """Blue and green at 50 %; further servers belong to the colour that their name begins with."""
    servers = {
        colour: tuple(app.address for name, app in apps.items() if name.startswith(colour)) for colour in (BLUE, GREEN)
    }
    with world(
        split=at(0.5),
        setup={"servers": servers, **setup},
        locations=[Location(service="app", directives=directives)],
        workers=1,
    ) as made:
        yield made


async def send(this: World, path: str, *, method: str = "GET", count: int = 60) -> list[Answer]:
    """Fresh clients, each drawn for itself; few at once, for the sake of the log's short queue."""
    body = {} if method == "GET" else {"content_length": "0"}
    return await this.answers([{"path": path, "method": method, **body}] * count, at_once=4)


def play(
    this: World, path: str, *, method: str = "GET", count: int = 60
) -> tuple[Counter[tuple[int, str]], list[EdgeLine]]:
    """Answers by status and name, and the balancer's lines."""

    async def steps(_: NginxRouter) -> tuple[Counter[tuple[int, str]], list[EdgeLine]]:
        since = time.time()
        answers = await send(this, path, method=method, count=count)
        lines = await this.lines(since - 0.002, count)
        return Counter((answer.status, answer.body) for answer in answers), list(lines)

    return this.run(steps)


@pytest.fixture(scope="module")
def apps() -> Iterator[dict[str, Application]]:
    with applications("blue", "green") as made:
        yield made


@pytest.fixture(scope="module")
def one(apps: dict[str, Application]) -> Iterator[World]:
    with scene(apps, directives=SHORT) as made:
        yield made


@pytest.mark.parametrize(("what", "count"), [("500", 200), ("503", 40), ("crash", 40), ("hang", 8)])
def test_no_reader_sees_what_the_candidate_fails(one: World, what: str, count: int) -> None:
    """Every GET is answered by stable, and the log says that the candidate failed its half."""
    answers, lines = play(one, f"/green={what}", count=count)

    assert {(200, "blue"): count} == answers
    failed = [line for line in lines if line.colour is GREEN]
    assert len(failed) > count // 8
    assert all(is_bad(line) and is_shielded(line) and line.answered_by is BLUE for line in failed)
    assert not any(is_bad(line) for line in lines if line.colour is BLUE)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_write_that_failed_is_not_repeated(one: World, apps: dict[str, Application], method: str) -> None:
    """A POST may have done its work: the candidate's 500 reaches the user, and each POST arrived once."""
    before = apps["blue"].seen[method] + apps["green"].seen[method]
    answers, lines = play(one, "/green=500", method=method)

    failed = sum(line.colour is GREEN for line in lines)
    assert 10 < failed
    assert {(500, "green"): failed, (200, "blue"): 60 - failed} == answers
    assert 60 == apps["blue"].seen[method] + apps["green"].seen[method] - before
    assert not any(is_shielded(line) for line in lines)


def test_what_may_be_done_twice_is_repeated(one: World) -> None:
    """nginx goes by HTTP: a PUT is idempotent."""
    answers, _ = play(one, "/green=500", method="PUT", count=20)

    assert {(200, "blue"): 20} == answers


def test_stable_fails_too(one: World) -> None:
    """Then the user sees stable's failure; it is the candidate's error all the same, and no shielded one."""
    answers, lines = play(one, "/green=500/blue=500")

    assert {(500, "blue"): 60} == answers
    assert all(is_bad(line) and not is_shielded(line) for line in lines)


def test_stables_own_failures_are_not_repeated(one: World, apps: dict[str, Application]) -> None:
    """A request that was drawn to stable is asked of nobody else."""
    before = apps["blue"].seen["GET"] + apps["green"].seen["GET"]
    answers, _ = play(one, "/blue=500")

    assert {(200, "green"), (500, "blue")} == set(answers)
    assert 60 == apps["blue"].seen["GET"] + apps["green"].seen["GET"] - before


def test_a_candidate_that_is_gone() -> None:
    """A refused connection took nothing: stable answers reads and writes, and the failures are the candidate's."""
    with applications("blue") as made:
        gone = f"127.0.0.1:{free_port()}"
        servers = {BLUE: (made["blue"].address,), GREEN: (gone,)}
        with world(split=at(0.5), setup={"servers": servers}) as this:
            for method in ("GET", "POST"):
                answers, lines = play(this, "/", method=method)
                assert {(200, "blue"): 60} == answers
                assert sum(is_shielded(line) for line in lines) == sum(line.colour is GREEN for line in lines) > 10


def test_the_brake_under_a_shield(one: World, apps: dict[str, Application]) -> None:
    """Braked, the candidate is not asked at all, neither first nor in stable's place; released, it is again."""

    async def steps(router: NginxRouter) -> None:
        await router.pull_brake(GREEN, BrakeKind.DIVERT, "")
        before = apps["green"].seen["GET"]
        answers = await send(one, "/blue=500")
        assert {(500, "blue")} == {(answer.status, answer.body) for answer in answers}
        assert before == apps["green"].seen["GET"]
        await router.release_brake(GREEN)
        assert {200} == {answer.status for answer in await send(one, "/green=500")}
        assert before < apps["green"].seen["GET"]

    one.run(steps)


def test_rollback_and_full_traffic_have_no_shield(one: World, apps: dict[str, Application]) -> None:
    """At 100 % the candidate's failures are seen; after the rollback stable's are, with one request for each."""

    async def steps(router: NginxRouter) -> None:
        try:
            assert (await router.apply(at(1.0), brake=False, note="")).ok
            assert {(500, "green")} == {(each.status, each.body) for each in await send(one, "/green=500")}
            assert (await router.apply(at(0.0), brake=True, note="")).ok
            before = apps["green"].seen["GET"]
            assert {(500, "blue")} == {(each.status, each.body) for each in await send(one, "/blue=500")}
            assert before == apps["green"].seen["GET"]
        finally:
            one.flag(GREEN).unlink(missing_ok=True)
            assert (await router.apply(at(0.5), brake=False, note="")).ok

    one.run(steps)


def test_a_probe_of_the_candidate_is_logged_as_its_failure(one: World) -> None:
    """Though stable answers it: who asks by the token reads the status of the first try in the log."""

    async def steps(_: NginxRouter) -> None:
        since = time.time()
        (answer,) = await one.answers([{"path": "/green=500", "x_rwd_probe": TOKEN}])
        (line,) = await one.lines(since - 0.002, 1)
        assert (200, GREEN, 500) == (answer.status, line.colour, line.first_status)

    one.run(steps)


def test_each_candidate_comes_before_stable() -> None:
    """With two servers a colour: a failure of one is answered by the other, of both by stable; least_conn holds."""
    with applications("blue", "blue2", "green", "green2") as made:
        tries = "proxy_next_upstream error timeout http_500 http_502 http_503 http_504; proxy_next_upstream_tries 3;"
        servers = {colour: tuple(made[name].address for name in (colour, f"{colour}2")) for colour in (BLUE, GREEN)}
        with world(
            split=at(0.5),
            setup={"servers": servers, "shield": True, "pool": ("least_conn",)},
            locations=[Location(service="app", shield=tries)],
        ) as this:
            answers, lines = play(this, "/green=500")
            assert {200} == {status for status, _ in answers}
            failed = [line for line in lines if is_bad(line)]
            assert failed
            assert all(line.answered_by is GREEN and is_shielded(line) for line in failed)
            assert {"blue", "blue2", "green2"} == {body for _, body in answers}
            answers, lines = play(this, "/green=500/green2=500")
            assert {200} == {status for status, _ in answers}
            assert {BLUE} == {line.answered_by for line in lines}


def test_the_preparation_says_how_the_shield_stands() -> None:
    """In force with the operator's lines, told without them, and no reason not to start."""
    for shield, told in ((SHIELD, "stable answers what the candidate fails"), ("", "not in force, so users see")):
        with world(locations=[Location(service="app", shield=shield)]) as this:

            async def steps(router: NginxRouter) -> tuple[bool, str]:
                checks = await router.prepare([at(0.1), at(1.0)])
                detail = next(check.detail for check in checks if check.name == "shield")
                return all(check.ok for check in checks), detail

            ready, detail = this.run(steps)
            assert ready
            assert told in detail


def test_a_file_from_before_the_shield_is_ours() -> None:
    """What an older version left in force in a step is known as that step, and the next order writes it anew."""
    with world(setup={"shield": False}, split=at(0.5)) as this:

        async def steps(router: NginxRouter) -> None:
            seen = await router.observe()
            assert at(0.5) == seen.split
            assert (await router.apply(at(0.5), brake=False, note="")).ok
            assert "backup" in this.live().read_text()

        this.run(steps, shield=None)


def test_a_deadline_by_the_operators_own_recipe() -> None:
    """`error_page 502 504 = @stable` with GET and HEAD only: stable answers in its own time, a POST gets its 504."""
    recipe = (
        "location / { proxy_pass http://$rwd_app_pool; proxy_set_header Host $host; proxy_read_timeout 300ms; "
        "proxy_next_upstream off; error_page 502 504 = @stable; }\n"
        "location @stable { if ($request_method !~ ^(GET|HEAD)$) { return 504; } "
        "proxy_pass http://$rwd_app_stable; proxy_set_header Host $host; }\n"
    )
    with applications("blue", "green") as made:
        servers = {BLUE: (made["blue"].address,), GREEN: (made["green"].address,)}
        with world(
            split=at(0.5), setup={"servers": servers}, locations=[], services={"app": {}}, server=recipe
        ) as this:
            answers, lines = play(this, "/green=hang", count=10)
            assert {(200, "blue"): 10} == answers
            assert all(is_shielded(line) for line in lines if line.colour is GREEN)
            before = made["blue"].seen["POST"]
            answers, lines = play(this, "/green=hang", method="POST", count=10)
            failed = sum(line.colour is GREEN for line in lines)
            assert failed == sum(count for (status, _), count in answers.items() if status == 504)
            assert 10 - failed == made["blue"].seen["POST"] - before
