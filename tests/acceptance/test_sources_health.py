"""The health source against the laboratory's application as it fails, hangs, dies and comes back."""

import asyncio
import signal
import time

import pytest

from simulations.lab.apps import AppProcess
from simulations.lab.processes import run_folder
from watchdog.core.model import Colour
from watchdog.sources.health import HealthSource
from watchdog.sources.http_probe import HttpTarget, ProbeAnswer

pytestmark = pytest.mark.acceptance


def test_a_health_page_through_an_application_s_life() -> None:
    """Up; a component down; stopped and so hung; running again; dead and so refusing; restarted."""

    async def play(app: AppProcess) -> list[tuple[bool, bool, str]]:
        target = HttpTarget(
            url=f"http://localhost:{app.port}/actuator/health",
            timeout=1.0,
            expect={"status": "UP", "components": {"db": {"status": "UP"}}},
        )
        health = HealthSource(name="health", interval=2.0, targets={Colour.GREEN: [target]}, now=time.monotonic)
        answers: list[ProbeAnswer] = []

        async def ask() -> None:
            answers.append(await health.probe(Colour.GREEN))

        await ask()
        await asyncio.to_thread(app.fault, components={"db": "DOWN"})
        await ask()
        await asyncio.to_thread(app.fault, clear=True)
        app.child.signal(signal.SIGSTOP)
        await ask()
        app.child.signal(signal.SIGCONT)
        await ask()
        app.child.kill()
        await ask()
        app.restart()
        await ask()
        await health.close()
        return [(answer.ok, answer.refused, answer.detail) for answer in answers]

    with run_folder() as folder, AppProcess.start("green", folder) as app:
        assert [
            (True, False, ""),
            (False, False, "status: 503, wanted 200"),
            (False, False, "timeout: no complete answer within 1 s"),
            (True, False, ""),
            (False, True, "refused: Connection refused"),
            (True, False, ""),
        ] == asyncio.run(play(app))
