from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from simulations.lab.apps import AppProcess
from simulations.lab.load import Load, LoadProcess, parse_paths
from simulations.lab.nginx import Location, Nginx, Operator, start_operator
from simulations.lab.processes import free_port, run_folder
from simulations.lab.results import Record, summarise

COOKIES = "userid on; userid_name user; userid_service 1;\n"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with run_folder() as made:
        yield made


@pytest.fixture(scope="module")
def app(folder: Path) -> Iterator[AppProcess]:
    with AppProcess.start("green", folder, seed=1) as running:
        yield running


@pytest.fixture(scope="module")
def nginx(folder: Path, app: AppProcess) -> Iterator[Nginx]:
    operator = Operator(
        locations=[Location(service="app", proxy_pass=app.url)],
        generated=None,
        http="log_format got '$uid_got';",
        server=f"{COOKIES}access_log {folder}/cookies.log got;",
        workers=1,
    )
    with start_operator(operator, folder) as running:
        yield running


def run(load: Load, folder: Path) -> list[Record]:
    with LoadProcess.start(load, folder, name="once") as process:
        process.child.wait(20)
        return process.records()


@pytest.mark.parametrize("keep_alive", [0, 8])
def test_the_rate_holds_and_every_request_is_recorded(nginx: Nginx, folder: Path, keep_alive: int) -> None:
    """500 requests/s for a second: 500 records, spread over the second, no error."""
    records = run(Load(port=nginx.port, rate=500, duration=1, keep_alive=keep_alive), folder)
    summary = summarise(records)

    assert 500 == pytest.approx(summary.requests, abs=1)
    assert (0, {"green"}) == (summary.errors, set(summary.by_colour))
    assert 1.0 == pytest.approx(records[-1].started - records[0].started, abs=0.2)
    assert bool(keep_alive) == any(record.reused for record in records)


def test_hanging_answers_do_not_slow_the_schedule_down(nginx: Nginx, app: AppProcess, folder: Path) -> None:
    """The loop is open: requests start when they are due, though none is answered, and time out by themselves."""
    load = Load(port=nginx.port, rate=100, duration=1, keep_alive=2, paths=(("/hang", 99), ("/", 1)), timeout=0.5)
    app.fault(hang=True, route="/hang")

    records = run(replace(load, seed=1), folder)
    summary = summarise(records)
    app.fault(clear=True)

    assert 100 == pytest.approx(summary.requests, abs=1)
    assert {"timeout", "-"} == {record.error for record in records}
    assert 0.9 < summary.connection_errors / summary.requests < 1
    assert records[-1].started - records[0].started < 1.3


def test_users_keep_their_cookies(nginx: Nginx, folder: Path) -> None:
    """A user sends back the cookie that it was given; a fresh one has none."""
    log = folder / "cookies.log"
    log.write_text("")
    run(Load(port=nginx.port, rate=200, duration=0.5, users=5, seed=1), folder)
    sticky = Counter(log.read_text().splitlines())
    log.write_text("")
    run(Load(port=nginx.port, rate=200, duration=0.5), folder)
    fresh = Counter(log.read_text().splitlines())

    assert 4 <= len(sticky.keys() - {"-"}) <= 5 + sticky["-"]
    assert sticky["-"] < 20
    assert {"-"} == set(fresh)


def test_a_refused_connection_is_an_error_without_colour(folder: Path) -> None:
    """Nothing listens: every request is recorded as refused."""
    records = run(Load(port=free_port(), rate=100, duration=0.2), folder)

    assert {(0, "-", "refused")} == {(record.status, record.colour, record.error) for record in records}


def test_it_stops_on_request_after_the_answers_under_way(nginx: Nginx, app: AppProcess, folder: Path) -> None:
    """Without a duration it runs until it is stopped; slow answers are waited for."""
    app.fault(latency=0.3)
    with LoadProcess.start(Load(port=nginx.port, rate=50, poisson=True, seed=2), folder) as process:
        records = process.stop()
    app.fault(clear=True)

    assert records
    assert 0 == summarise(records).errors
    assert 0 == process.child.returncode


def test_paths_have_shares() -> None:
    """`[METHOD:]/path=share`; without a share it is 1."""
    assert (("/", 8.0), ("POST:/orders", 0.5), ("/x", 1.0)) == parse_paths(["/=8", "POST:/orders=0.5", "/x"])
    with pytest.raises(ValueError, match="wanted \\[METHOD:\\]/path=share"):
        parse_paths(["/=many"])
