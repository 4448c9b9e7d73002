"""What the sources see goes wrong at the worst moment: stable dies before, at and after the candidate's fault.

Rows that other tests prove already stand in docs/reliability.md with these.
"""

import asyncio
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulations.lab.processes import wait_until
from tests.acceptance.daemon_world import View, stays
from tests.acceptance.faults.world import Faults, faults, report
from tests.core.examples import polled
from tests.core.world import World as Core
from tests.sources.servers import answering, certificate, served
from watchdog.core.model import Colour
from watchdog.core.phases import Phase
from watchdog.core.records import DivertWanted, RollbackWanted
from watchdog.sources.health import HealthSource
from watchdog.sources.http_probe import HttpTarget, ProbeAnswer, Tls

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def world() -> Iterator[Faults]:
    with faults() as found:
        yield found


def blocked(view: View) -> bool:
    return "stable_down" in [each["reason"] for each in view["deployment"]["holds"]]


def test_a_stable_that_was_dead_before_gets_no_users_until_it_lives(world: Faults) -> None:
    """The split stays and on-call is asked; as soon as stable answers the proved rollback is carried out."""
    watch = world.canary()
    deployment = watch.deployment()["id"]
    world.scene.app("blue").crash()
    world.scene.fault("green", error_rate=1.0)
    watch.until(blocked, "a block")

    assert stays(lambda: not world.flag.exists(), 1.5)
    assert "stable_down" in [each["reason"] for each in watch.incidents(deployment)]
    world.scene.app("blue").restart()
    alive = world.scene.fault("blue", clear=True)
    watch.until_phase("rolled_back")
    world.on_stable()
    report("stable_dead_before", **world.hurt(alive))
    assert 1 == len(watch.of(deployment, "RollbackOrdered"))


def test_a_stable_that_dies_with_the_candidate_is_no_way_out(world: Faults) -> None:
    """At the onset of the fault stable stops to answer: nobody is moved, one incident asks, nothing is proved bad."""
    watch = world.canary()
    deployment = watch.deployment()["id"]
    world.scene.fault("blue", hang=True, health="down")
    world.scene.fault("green", error_rate=1.0)
    view = watch.until(blocked, "a block")

    assert stays(lambda: not world.flag.exists(), 1.5)
    assert [] == view["known_bad"]
    assert [] == watch.of(deployment, "RollbackOrdered")
    world.scene.fault("blue", clear=True)
    watch.until_phase("rolled_back")


def test_a_stable_that_dies_during_the_rollback_does_not_stop_it(world: Faults) -> None:
    """The order is absorbing: the candidate gets nobody back. On-call reads of stable by a rule with `always`."""
    watch = world.canary(rules={"health": {"always": True}})
    deployment = watch.deployment()["id"]
    world.scene.fault("green", error_rate=1.0)
    watch.until(lambda view: view["deployment"]["rollback"] is not None, "a decision", every=0.005)
    died = world.scene.app("blue").crash()
    watch.until_phase("rolled_back", "rollback_failed")

    assert stays(world.flag.exists, 1.5)
    assert 1 == len(watch.of(deployment, "RollbackOrdered"))
    told = [each["body"]["reason"] for each in watch.records("IncidentOpened")]
    assert "rule_escalates" in told
    world.scene.app("blue").restart()
    world.on_stable()
    report("stable_dies_during", **world.hurt(died))


def test_a_candidate_that_hangs_is_left_within_seconds(world: Faults) -> None:
    """Nobody gets an answer from it, so nothing is in the log: the health check cuts it off."""
    watch = world.canary()
    deployment = watch.deployment()["id"]
    hung = world.scene.fault("green", hang=True)
    wait_until(world.flag.exists, what="the brake", timeout=15.0)
    watch.until_phase("rolled_back")
    world.on_stable()
    hurt = world.hurt(hung)
    report("candidate_hangs", **hurt)

    assert 1 == len(watch.of(deployment, "RollbackOrdered"))
    assert hurt["to_stable_s"] < 10.0


def soaking() -> Core:
    core = Core().begin().submit()
    core.run(14.0)
    return core


def test_a_source_that_flaps_rolls_nothing_back_and_wakes_nobody() -> None:
    """Five seconds of silence in every ten: soak counts what was seen, and it is no two minutes of blindness."""
    core = soaking()
    began, soaked = core.now, core.deployment.soaked
    for _ in range(12):
        core.silent ^= {"edge"}
        core.run(5.0)

    assert [] == core.bodies(RollbackWanted, DivertWanted)
    assert [] == [message for message in core.sent if message.contacts != ("chat",)]
    assert core.deployment.phase in (Phase.SOAKING, Phase.BAKING)
    assert core.deployment.soaked - soaked < core.now - began - 20.0


def test_a_health_check_that_flaps_is_no_row_of_failures() -> None:
    """Every second poll fails: never three in a row, never two, so nobody is cut off for it."""
    core = soaking()
    for _ in range(40):
        core.alive[Colour.GREEN] ^= True
        core.run(2.0)

    assert [] == core.bodies(RollbackWanted, DivertWanted)


@pytest.mark.parametrize(
    ("errors", "requests"),
    [
        (500.0, -100.0),
        (-5.0, 20.0),
        (float("nan"), 20.0),
        (5.0, float("inf")),
        (float("inf"), float("inf")),
        (9.0, 0.0),
    ],
)
def test_a_source_that_says_what_cannot_be_proves_nothing(errors: float, requests: float) -> None:
    """Negative and endless counts, failures without a request: no evidence, whatever they would prove."""
    core = soaking()
    for _ in range(30):
        core.silent.add("edge")
        core.run(1.0)
        core.put(polled("edge", core.now, ("errors", Colour.GREEN, errors), ("requests", Colour.GREEN, requests)))

    assert [] == core.bodies(RollbackWanted, DivertWanted)


def test_a_certificate_that_is_out_of_date_is_a_failure_of_the_target(tmp_path: Path) -> None:
    """Its class is tls, and the words say that it has expired."""
    pem, _ = certificate(tmp_path, "app.internal")
    key, old = tmp_path / "app.internal.key", tmp_path / "old.pem"
    again = ["openssl", "x509", "-in", str(pem), "-signkey", str(key), "-days", "-1", "-out", str(old)]
    subprocess.run(again, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(old, key)

    async def main() -> ProbeAnswer:
        async with served(answering(b'{"status": "UP"}'), tls=context) as port:
            tls = Tls(ca=old, server_name="app.internal")
            target = HttpTarget(url=f"https://127.0.0.1:{port}/", tls=tls, timeout=5.0)
            source = HealthSource(name="health", interval=1.0, targets={Colour.GREEN: (target,)}, now=time.monotonic)
            try:
                return await source.probe(Colour.GREEN)
            finally:
                await source.close()

    answer = asyncio.run(main())

    assert (False, "tls") == (answer.ok, answer.detail.split(":")[0])
    assert "expired" in answer.detail
