"""Database connection errors: of the candidate alone, and of the server that both colours share."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from simulations.lab.nginx import NGINX
from simulations.lab.prometheus import PROMETHEUS
from simulations.lab.scene import COLOURS, Scene
from tests.acceptance import postgres_world
from tests.acceptance.daemon_world import View
from tests.acceptance.triggers import world as lab
from tests.acceptance.triggers.world import HEALTH, Cell, World, needs, probe

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(120),
    needs(NGINX, PROMETHEUS),
]

UNCONNECTED = {"database": 0.5}
DB_DOWN = {"components": {"db": "DOWN"}}
COUNTER = """\
#!/bin/bash
# The application's own counter, read with nothing but the shell.
declare -A port=({ports})
exec 3<>"/dev/tcp/127.0.0.1/${{port[$1]}}" || exit 1
printf 'GET /metrics HTTP/1.1\\r\\nHost: lab\\r\\nConnection: close\\r\\n\\r\\n' >&3
while read -r name value <&3; do
    case $name in db_connection_errors_total*) echo "${{value%$'\\r'}}" ;; esac
done
"""


def errors(signal: str) -> View:
    return {"sequential_count": {"events": signal, "limit": "2 per minute"}, "on_fire": "rollback", "warm_up": "1s"}


FILLING_S = 2.5
"""Longer than a poll of the source."""


@dataclass(slots=True)
class Exhaustion:
    """The candidate takes every connection that the database has, and keeps it."""

    servers: list[postgres_world.Server] = field(default_factory=list)
    taken: list["psycopg.Connection[tuple[Any, ...]]"] = field(default_factory=list)
    began: float = 0.0

    def __call__(self) -> float:
        if not self.taken:
            self.began = time.time()
            where = {"host": str(self.servers[0].folder), "port": self.servers[0].port, "dbname": "app"}
            while time.time() < self.began + FILLING_S:
                try:
                    self.taken.append(psycopg.connect(**where, user="app", application_name="app-green"))  # type: ignore[arg-type]  # a plain dict
                except psycopg.OperationalError:
                    time.sleep(0.02)  # a place comes free whenever the daemon lets its last connection go
        return self.began

    def end(self) -> None:
        for each in self.taken:
            each.close()
        self.taken.clear()


EXHAUSTED = Exhaustion()
CELLS = {
    "spring-health": Cell(rules={"spring-db": probe("spring.health[db]")}, fault=DB_DOWN),
    "scraped": Cell(rules={"scraped-unconnected": errors("scraped.unconnected")}, fault=UNCONNECTED),
    "spring-meter": Cell(rules={"meter-unconnected": errors("meter.unconnected")}, fault=UNCONNECTED),
    "script": Cell(rules={"script-unconnected": errors("script.count")}, fault=UNCONNECTED),
    "sessions": Cell(
        rules={
            "db-sessions": {
                "threshold": {"value": "db.sessions", "when": "> 10", "for": "2s"},
                "on_fire": "rollback",
            }
        },
        fault={},
        order=EXHAUSTED,
    ),
    "shared-connects": Cell(
        rules={"db-connects": {**probe("db.connects"), "on_fire": "freeze"}, "health": HEALTH},
        fault={},
        order=EXHAUSTED,
    ),
    "shared-writes": Cell(
        rules={"db-writable": {**probe("db.writable"), "on_fire": "escalate"}, "health": HEALTH},
        fault={},
        order=EXHAUSTED,
    ),
    "both-colours": Cell(rules={"spring-db": probe("spring.health[db]")}, fault=DB_DOWN, on=("blue", "green")),
}


def sources(scene: Scene, stack: ExitStack) -> View:
    server = stack.enter_context(postgres_world.running(scene.paths.run_dir, "database"))
    with server.sql() as talk:
        talk.execute("create role app login")
    EXHAUSTED.servers[:] = [server]
    stack.callback(EXHAUSTED.end)
    scraper = lab.prometheus(scene, stack, "scraped")
    script = scene.paths.run_dir / "count-errors"
    script.write_text(COUNTER.format(ports=" ".join(f"[{each}]={scene.app(each, 'script').port}" for each in COLOURS)))
    script.chmod(0o755)
    timeouts = {"metric": "hikaricp.connections.timeout", "statistic": "COUNT"}
    return {
        "spring": {"actuator": {"poll": "1s"}},
        "meter": {"actuator": {"poll": "1s", "metrics": {"unconnected": timeouts}}},
        "scraped": lab.scraped(scraper, counters={"unconnected": lab.of("scraped", "db_connection_errors_total")}),
        "script": {"command": {"argv": [str(script), "$colour"], "returns": "counter", "poll": "1s"}},
        "db": {
            "postgres": {
                "dsn": f"host=127.0.0.1 port={server.port} dbname=app user=watchdog",
                "password": postgres_world.PASSWORD,
                "poll": "1s",
                "queries": {"sessions": "select count(*) from pg_stat_activity where application_name = 'app-$colour'"},
            }
        },
    }


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with lab.world(CELLS, sources) as made:
        yield made


@pytest.mark.parametrize("cell", ["spring-health", "scraped", "spring-meter", "script", "sessions"])
def test_connection_errors_of_the_candidate_are_rolled_back(world: World, cell: str) -> None:
    """Its own word, its counters, and the database's word for who has all of its connections."""
    times = world.rolled_back(cell)

    lab.say(f"database / {cell}: {times}")
    assert times.proved <= lab.WITHIN_S


def test_a_shared_database_that_takes_nobody_holds_the_release(world: World) -> None:
    """The other colour has no other database, so nothing is rolled back, and people are asked."""
    took = world.frozen("shared-connects")

    lab.say(f"database / shared-connects: frozen after {took:.1f} s")
    assert took <= lab.WITHIN_S


def test_a_shared_database_that_cannot_be_written_calls_people(world: World) -> None:
    """A rule that escalates holds nothing."""
    took = world.escalated("shared-writes")

    lab.say(f"database / shared-writes: called after {took:.1f} s")
    assert took <= lab.WITHIN_S


def test_a_database_that_both_colours_miss_is_not_rolled_back(world: World) -> None:
    """Both say that it is down; there is nothing to roll back to."""
    assert world.blocked("both-colours") in {"stable_down", "common_cause"}
