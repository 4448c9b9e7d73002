"""Sources beside the log and the health check."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from watchdog.config.compile import compile_
from watchdog.config.load import load
from watchdog.core.model import Colour, Missing, Reading, Value
from watchdog.replay.behaviour import Answer, Behaviour, Conduct, Fault
from watchdog.replay.others import Others, Tally
from watchdog.replay.told import Told, parse
from watchdog.replay.traffic import Request, Traffic
from watchdog.replay.world import World

FILE = """
include: [{rules}/base.yml]
environment: test
sources:
  health: {{health: {{path: /health}}}}
  own: {{synthetic: {{every: 500ms, timeout: 2s, requests: {{login: {{path: /login}}, labs: {{path: /labs}}}}}}}}
  app: {{actuator: {{metrics: {{pool: {{metric: pool.active}}, lost: {{metric: pool.timeout, statistic: COUNT}}}}}}}}
  db: {{postgres: {{dsn: host=db dbname=app user=watchdog}}}}
  metrics:
    prometheus:
      url: http://127.0.0.1:9090
      counters: {{errors: 'e{{color="$colour"}}', requests: 'r{{color="$colour"}}'}}
      gauges: {{p95: 'p{{color="$colour"}}'}}
rules:
  own: {{sequential_ratio: {{bad: own.failures, total: own.requests, limit: 5%}}, on_fire: rollback}}
  own-login:
    sequential_ratio: {{bad: "own.failures[login]", total: "own.requests[login]", limit: 5%}}
    on_fire: rollback
  own-slow: {{threshold: {{value: own.seconds, when: "> 1s"}}, on_fire: observe}}
  app: {{probe: {{signal: app.health}}, on_fire: rollback}}
  app-db: {{probe: {{signal: "app.health[db]"}}, on_fire: rollback}}
  pool: {{threshold: {{value: app.pool, when: "> 10"}}, on_fire: freeze}}
  lost: {{sequential_count: {{events: app.lost, limit: 2 per minute}}, on_fire: rollback}}
  db: {{probe: {{signal: db.writable}}, on_fire: freeze}}
  errors: {{sequential_ratio: {{bad: metrics.errors, total: metrics.requests, limit: 5%}}, on_fire: observe}}
  p95: {{threshold: {{value: metrics.p95, when: "> 2"}}, on_fire: observe}}
services:
  app:
    stable: blue
    data: shared
    sessions: shared
    colours: {{blue: {{server: "127.0.0.1:8081"}}, green: {{server: ["127.0.0.1:8082", "127.0.0.1:8083"]}}}}
    router: {{nginx: {{directory: /etc/nginx/rollback-watchdog}}}}
    rules: [error-rate, health, own, own-login, own-slow, app, app-db, pool, lost, db, errors, p95]
    plan: canary
"""
RULES = Path(__file__).resolve().parents[2] / "rules"


class Played:
    """The service of `FILE` in a world with these faults."""

    def __init__(
        self, folder: Path, *faults: Fault, usual: dict[str, str] | None = None, conduct: Conduct | None = None
    ) -> None:
        path = folder / "test.yml"
        path.write_text(FILE.format(rules=RULES))
        compiled = compile_(load(str(path)))
        (self.service,) = compiled.environment.services
        self.world = World(
            service="app",
            first_stable=Colour.BLUE,
            traffic=Traffic(),
            behaviour=Behaviour(usual=conduct or Conduct(), faults=faults),
        )
        self.tally = Tally()
        told: dict[str, Told] = {name: parse(text) for name, text in (usual or {}).items()}
        self.others = Others(
            settings=self.service,
            world=self.world,
            tally=self.tally,
            sources=compiled.services[0].sources,
            usual=told,
        )

    def poll(self, source: str, now: float) -> dict[tuple[str, Colour | None], Reading]:
        readings = self.others.poll(self.service.source(source), now)
        return {(each.signal, each.colour): each for each in readings}

    def value(self, source: str, signal: str, now: float, colour: Colour | None = Colour.GREEN) -> Value:
        return self.poll(source, now)[signal, colour].value


def request(colour: Colour, route: str = "login", *, bad: bool = False) -> Request:
    return Request(end=1.0, number=1, start=0.0, colour=colour, route=route, bad=bad, slow=False, write=False)


def totals(played: Played, polls: Iterable[float], part: str = "") -> dict[Colour, tuple[float, float]]:
    """Requests and failures of our own until the last poll."""
    found = dict.fromkeys(Colour, (0.0, 0.0))
    for now in polls:
        readings = played.poll("own", now)
        for colour, (requests, failures) in found.items():
            more = [readings[f"{each}{part}", colour].value for each in ("requests", "failures")]
            found[colour] = (requests + float(str(more[0])), failures + float(str(more[1])))
    return found


def test_requests_of_our_own_are_sent_to_every_server(tmp_path: Path) -> None:
    """Two names, twice a second, to one server of blue and two of green; all are well."""
    found = totals(Played(tmp_path), [float(second) for second in range(12)])

    assert (42.0, 0.0) == found[Colour.BLUE]
    assert (84.0, 0.0) == found[Colour.GREEN]


def test_they_fare_as_users_do_on_the_route_of_their_name(tmp_path: Path) -> None:
    """A fault of one route and colour is seen by the requests of that name there, and by all together."""
    polls = [float(second) for second in range(12)]
    fault = Fault(colours=frozenset({Colour.GREEN}), route="login", errors=1.0)
    login = totals(Played(tmp_path, fault), polls, "[login]")

    assert login[Colour.GREEN][0] == login[Colour.GREEN][1] > 0.0
    assert 0.0 == login[Colour.BLUE][1]
    assert login[Colour.GREEN][1] == totals(Played(tmp_path, fault), polls)[Colour.GREEN][1]


@pytest.mark.parametrize(
    ("fault", "first"),
    [
        (Fault(colours=frozenset({Colour.GREEN}), hang=1.0), 2.5),
        (Fault(colours=frozenset({Colour.GREEN}), slow=1.0), 2.5),
        (Fault(colours=frozenset({Colour.GREEN}), health=Answer.TIMEOUT), 2.5),
        (Fault(colours=frozenset({Colour.GREEN}), health=Answer.REFUSED), 1.0),
    ],
    ids=["hanging", "slower than the deadline", "nobody answers", "refused"],
)
def test_what_takes_too_long_is_a_failure_at_its_deadline(tmp_path: Path, fault: Fault, first: float) -> None:
    """Of what was sent at 0.5 s; it is waited for until then."""
    played = Played(tmp_path, fault)
    polls = [each / 2 for each in range(8)]
    failed = {now: played.poll("own", now)["failures", Colour.GREEN].value for now in polls}

    assert first == min(now for now, failures in failed.items() if float(str(failures)) > 0.0)


def test_the_longest_wait_is_told_while_it_lasts(tmp_path: Path) -> None:
    """Requests that have not ended yet are in `seconds`, and in no count; before the first one there is none."""
    played = Played(tmp_path, Fault(colours=frozenset({Colour.GREEN}), hang=1.0))
    first, second = played.poll("own", 0.0), played.poll("own", 1.0)

    assert Missing.EMPTY is first["seconds", Colour.GREEN].value
    assert (0.0, 0.5) == (second["requests", Colour.GREEN].value, second["seconds", Colour.GREEN].value)


def test_without_a_deployment_they_are_as_rare_as_the_polls(tmp_path: Path) -> None:
    """A poll after 5 s has what one after 1 s has otherwise."""
    rare = totals(Played(tmp_path), [0.0, 5.0, 10.0])
    often = totals(Played(tmp_path), [0.0, 1.0, 2.0])

    assert often[Colour.BLUE] == rare[Colour.BLUE]


def test_what_nobody_said_is_well(tmp_path: Path) -> None:
    """Probes pass, counts count nothing (and their first poll nothing at all), and a gauge has no value."""
    played = Played(tmp_path)
    first, second = played.poll("app", 0.0), played.poll("app", 2.0)

    assert (1.0, 1.0) == (first["health", Colour.GREEN].value, first["health[db]", Colour.GREEN].value)
    assert (Missing.EMPTY, 0.0) == (first["lost", Colour.GREEN].value, second["lost", Colour.GREEN].value)
    assert (0.0, 2.0) == second["lost", Colour.GREEN].over
    assert Missing.EMPTY is first["pool", Colour.GREEN].value
    assert 1.0 == played.value("db", "writable", 0.0, None)


def test_a_fault_says_otherwise_for_its_side_and_time(tmp_path: Path) -> None:
    """A signal of both colours is concerned by a fault of either."""
    green = frozenset({Colour.GREEN})
    fault = Fault(colours=green, start=4.0, end=6.0, signals={"app.pool": parse("30"), "db.writable": parse("0")})
    played = Played(tmp_path, fault, usual={"app.pool": "5"})
    pools = [played.value("app", "pool", now) for now in (2.0, 4.0, 6.0)]

    assert [5.0, 30.0, 5.0] == pools
    assert 5.0 == played.value("app", "pool", 4.0, Colour.BLUE)
    assert [1.0, 0.0] == [played.value("db", "writable", now, None) for now in (2.0, 5.0)]


@pytest.mark.parametrize(
    ("answer", "health", "pool"),
    [
        (Answer.DOWN, 0.0, 5.0),
        (Answer.TIMEOUT, Missing.TIMEOUT, Missing.TIMEOUT),
        (Answer.REFUSED, Missing.ERROR, Missing.ERROR),
    ],
)
def test_an_actuator_is_as_reachable_as_the_health_page(
    tmp_path: Path, answer: Answer, health: Value, pool: Value
) -> None:
    """Down is an answer; no answer is missing."""
    played = Played(tmp_path, Fault(colours=frozenset({Colour.GREEN}), health=answer), usual={"app.pool": "5"})

    assert (health, pool) == (played.value("app", "health", 0.0), played.value("app", "pool", 0.0))
    assert 1.0 == played.value("app", "health", 0.0, Colour.BLUE)


def test_users_are_counted_between_two_scrapes(tmp_path: Path) -> None:
    """Each request once; a poll between two scrapes finds nothing new, over no time."""
    played = Played(tmp_path, usual={"metrics.errors": "errors", "metrics.requests": "requests", "metrics.p95": "2"})
    played.poll("metrics", 0.0)
    played.tally.add([request(Colour.GREEN), request(Colour.GREEN, bad=True), request(Colour.BLUE)])
    between, scraped, again = (played.poll("metrics", now) for now in (5.0, 15.0, 20.0))

    assert (0.0, (0.0, 0.0)) == (between["errors", Colour.GREEN].value, between["errors", Colour.GREEN].over)
    assert (2.0, 1.0) == (scraped["requests", Colour.GREEN].value, scraped["errors", Colour.GREEN].value)
    assert (1.0, (0.0, 15.0)) == (scraped["requests", Colour.BLUE].value, scraped["requests", Colour.BLUE].over)
    assert 0.0 == again["requests", Colour.GREEN].value
    assert 2.0 == between["p95", Colour.GREEN].value


def test_a_count_can_be_of_one_route(tmp_path: Path) -> None:
    """Only its requests are counted."""
    played = Played(tmp_path, usual={"metrics.requests": "requests[labs]"})
    played.poll("metrics", 0.0)
    played.tally.add([request(Colour.GREEN, "labs"), request(Colour.GREEN)])

    assert 1.0 == played.value("metrics", "requests", 15.0)
