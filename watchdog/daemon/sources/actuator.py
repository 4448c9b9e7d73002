"""An application's own view, live.

What lives here: the conversion. What must not: anything that `watchdog.sources.actuator` does.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from watchdog.config.sources.actuator import ActuatorMetric, ActuatorSettings, ActuatorTarget
from watchdog.config.words import Secret
from watchdog.core.model import Seconds
from watchdog.daemon.sources.headers import carried
from watchdog.sources.actuator.answers import Metric
from watchdog.sources.actuator.client import Target
from watchdog.sources.actuator.source import ActuatorSource
from watchdog.sources.http_probe import Tls


def actuator(settings: ActuatorSettings, now: Callable[[], Seconds], reveal: Callable[[Secret], str]) -> ActuatorSource:
    """An actuator source. OSError or ssl.SSLError when a credential or certificate file cannot be read."""
    return ActuatorSource(
        name=settings.name,
        interval=settings.poll,
        timeout=settings.timeout,
        targets={each.colour: tuple(_targets(settings, each, reveal)) for each in settings.targets},
        now=now,
        components=settings.components,
        metrics=tuple(_metric(each) for each in settings.metrics),
    )


def _targets(settings: ActuatorSettings, target: ActuatorTarget, reveal: Callable[[Secret], str]) -> list[Target]:
    tls = Tls(
        verify=settings.verify,
        ca=None if settings.ca is None else Path(settings.ca),
        server_name=target.server_name or "",
    )
    made = Target(url="", token="" if target.token is None else carried(target.token, reveal), tls=tls)
    return [replace(made, url=url) for url in target.urls]


def _metric(metric: ActuatorMetric) -> Metric:
    return Metric(
        name=metric.name,
        meter=metric.meter,
        statistic=metric.statistic,
        tags=metric.tags,
        counter=metric.counter,
        absent_is_zero=metric.absent_is_zero,
        across=metric.across,
        unit=metric.unit,
    )
