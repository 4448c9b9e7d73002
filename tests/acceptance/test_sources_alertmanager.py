"""The Alertmanager source against a real server."""

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulations.lab.processes import run_folder
from simulations.lab.prometheus import Alertmanager, Prometheus, available
from watchdog.core.model import Colour, Missing, Reading
from watchdog.sources.alertmanager import AlertmanagerSource, AlertmanagerTarget, client

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not available(), reason="needs prometheus and prometheus-alertmanager"),
]

WITHIN_S = 1.0


def source(manager: Alertmanager, *, heartbeat: tuple[str, ...] = ()) -> AlertmanagerSource:
    target = AlertmanagerTarget(
        url=manager.url,
        timeout=WITHIN_S,
        filters={colour: ('severity=~"critical|page"', f'color="{colour}"') for colour in Colour},
        heartbeat=heartbeat,
    )
    return AlertmanagerSource(name="alerts", interval=1.0, target=target, client=client(verify=False, timeout=WITHIN_S))


def labels(**own: str) -> dict[str, Any]:
    return {"labels": {"alertname": "Errors", "severity": "critical", "color": "green", **own}}


def silence(name: str, value: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "matchers": [{"name": name, "value": value, "isRegex": False, "isEqual": True}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "lab",
        "comment": "known",
    }


def firing(readings: tuple[Reading, ...]) -> list[float | Missing]:
    return [reading.value for reading in readings if reading.signal == "firing"]


async def until(alerts: AlertmanagerSource, wanted: list[float | Missing]) -> tuple[Reading, ...]:
    end = asyncio.get_running_loop().time() + 15.0
    while firing(readings := await alerts.poll()) != wanted:
        assert asyncio.get_running_loop().time() < end, readings
        await asyncio.sleep(0.05)
    return readings


def test_alerts_fire_are_silenced_and_the_server_comes_and_goes() -> None:
    """Other colours and severities do not count, a silenced alert neither; a server that hangs or dies is no alert."""

    async def play(manager: Alertmanager) -> None:
        alerts = source(manager)
        assert [0.0, 0.0] == firing(await alerts.poll())
        manager.post("alerts", [labels(), labels(alertname="Slow", severity="page"), labels(severity="info")])
        readings = await until(alerts, [0.0, 2.0])
        assert (0.0, "Errors, Slow") == (readings[3].value, readings[3].detail)
        manager.post("silences", silence("alertname", "Errors"))
        await until(alerts, [0.0, 1.0])
        manager.child.signal(signal.SIGSTOP)
        assert [Missing.TIMEOUT] * 2 == firing(await alerts.poll())
        manager.child.signal(signal.SIGCONT)
        await until(alerts, [0.0, 1.0])
        manager.child.kill()
        assert [Missing.ERROR] * 2 == firing(await alerts.poll())
        await alerts.close()

    with run_folder() as folder, Alertmanager.start(folder) as manager:
        asyncio.run(play(manager))


def test_a_prometheus_that_is_gone_is_noticed_by_its_heartbeat() -> None:
    """An alert that always fires stops to; without it silence would look like health."""

    async def play(manager: Alertmanager) -> None:
        alerts = source(manager, heartbeat=("alertname=Watchdog",))
        assert [Missing.STALE] * 2 == firing(await alerts.poll())
        manager.post("alerts", [labels(alertname="Watchdog", color="")])
        await until(alerts, [0.0, 0.0])
        now = datetime.now(UTC)
        ended = {**labels(alertname="Watchdog", color=""), "endsAt": (now - timedelta(seconds=1)).isoformat()}
        manager.post("alerts", [ended])
        readings = await until(alerts, [Missing.STALE, Missing.STALE])
        assert "does not fire: nobody evaluates alerts" in readings[0].detail
        await alerts.close()

    with run_folder() as folder, Alertmanager.start(folder) as manager:
        asyncio.run(play(manager))


def test_an_alert_of_prometheus_itself() -> None:
    """Through the whole chain: an expression that is true fires, with its own labels."""

    async def play(manager: Alertmanager) -> None:
        alerts = source(manager)
        readings = await until(alerts, [0.0, 1.0])
        assert "TargetDown" == readings[2].detail
        await alerts.close()

    with run_folder() as folder, Alertmanager.start(folder) as manager:
        dead = "127.0.0.1:9"
        with Prometheus.start(
            folder,
            [dead],
            scrape="250ms",
            labels={dead: {"color": "green"}},
            alerts={"TargetDown": "up == 0"},
            alertmanager=manager.port,
        ):
            asyncio.run(play(manager))
