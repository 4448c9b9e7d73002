"""From an actuator's plain settings to the live one: what reaches it."""

import asyncio
from pathlib import Path

from watchdog.config.sources.actuator import ActuatorMetric, ActuatorSettings, ActuatorTarget
from watchdog.config.words import Secret
from watchdog.core.model import Colour
from watchdog.daemon.sources import build
from watchdog.sources.actuator.answers import Metric
from watchdog.sources.actuator.client import Target
from watchdog.sources.actuator.source import ActuatorSource
from watchdog.sources.http_probe import Tls

METRIC = ActuatorMetric(
    name="gc",
    meter="jvm.gc.pause",
    statistic="COUNT",
    tags=(("action", "minor"),),
    counter=True,
    absent_is_zero=True,
    across="sum",
    unit="any",
)


def settings(*, token: Secret | None = None, server_name: str | None = None) -> ActuatorSettings:
    def target(colour: Colour) -> ActuatorTarget:
        urls = (f"http://{colour}-1:1/actuator", f"http://{colour}-2:1/actuator")
        return ActuatorTarget(colour=colour, urls=urls, token=token, server_name=server_name)

    return ActuatorSettings(
        name="app",
        service="shop",
        poll=2.0,
        timeout=1.5,
        verify=False,
        ca="/ca.pem",
        components=("db",),
        metrics=(METRIC,),
        targets=(target(Colour.BLUE), target(Colour.GREEN)),
    )


def test_every_server_is_asked_for_everything() -> None:
    """Health with its components, and each meter as the file has it."""
    source = build.source(settings(), lambda: 0.0, lambda secret: "x")
    assert isinstance(source, ActuatorSource)

    assert ("app", 2.0, 2.0) == (source.name, source.interval, source.deadline)
    assert {"health", "health[db]", "gc"} == {each.signal for each in source.missing()}
    assert ["green-1:1", "green-2:1"] == [client.address for client in source._colours[Colour.GREEN].clients]
    wanted = Metric(
        name="gc",
        meter="jvm.gc.pause",
        statistic="COUNT",
        tags=(("action", "minor"),),
        counter=True,
        absent_is_zero=True,
        across="sum",
    )
    assert (wanted,) == source._metrics
    asyncio.run(source.close())


def test_the_token_and_the_trust_reach_every_server() -> None:
    """Revealed here, and shown nowhere."""
    from watchdog.daemon.sources.actuator import _targets  # noqa: PLC0415 - a look inside

    given = settings(token=Secret(credential="actuator"), server_name="app.internal")
    made = _targets(given, given.targets[1], lambda secret: f"<{secret.credential}>")
    tls = Tls(verify=False, ca=Path("/ca.pem"), server_name="app.internal")

    assert [
        Target(url="http://green-1:1/actuator", token="<actuator>", tls=tls),
        Target(url="http://green-2:1/actuator", token="<actuator>", tls=tls),
    ] == made
    assert "<actuator>" not in repr(made)
