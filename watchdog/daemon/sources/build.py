"""The one door: from any polled source's settings to the live adapter.

What lives here: the choice by kind. What must not: any kind's conversion.
"""

from collections.abc import Callable
from typing import TypeAlias, assert_never

from watchdog.config.sources.actuator import ActuatorSettings
from watchdog.config.sources.alertmanager import AlertmanagerSettings
from watchdog.config.sources.command import CommandSettings
from watchdog.config.sources.haproxy import HaproxySettings
from watchdog.config.sources.health import HealthSettings
from watchdog.config.sources.host import HostSettings
from watchdog.config.sources.postgres import PostgresSettings
from watchdog.config.sources.prometheus import PrometheusSettings
from watchdog.config.sources.synthetic import SyntheticSettings
from watchdog.config.sources.translate import SourceSettings
from watchdog.config.words import Secret
from watchdog.core.model import Seconds
from watchdog.daemon.sources.alertmanager import alertmanager
from watchdog.daemon.sources.health import health
from watchdog.daemon.sources.synthetic import synthetic
from watchdog.sources.base import PollSource

Reveal: TypeAlias = Callable[[Secret], str]
"""Reads a secret where it is kept; OSError when it is not there."""


def source(  # noqa: PLR0911 - one for each kind
    settings: SourceSettings, now: Callable[[], Seconds], reveal: Reveal
) -> PollSource:
    """A live source. OSError or ssl.SSLError when a credential or certificate file cannot be read."""
    match settings:
        case HealthSettings():
            return health(settings, now, reveal)
        case SyntheticSettings():
            return synthetic(settings, now, reveal)
        case HostSettings():
            from watchdog.daemon.sources.host import host  # noqa: PLC0415 - its client is loaded when it is needed

            return host(settings, now)
        case PostgresSettings():
            from watchdog.daemon.sources.postgres import postgres  # noqa: PLC0415 - as host's

            return postgres(settings, now, reveal)
        case PrometheusSettings():
            from watchdog.daemon.sources.prometheus import prometheus  # noqa: PLC0415 - as host's

            return prometheus(settings, now, reveal)
        case AlertmanagerSettings():
            return alertmanager(settings, reveal)
        case ActuatorSettings():
            from watchdog.daemon.sources.actuator import actuator  # noqa: PLC0415 - loaded when it is needed

            return actuator(settings, now, reveal)
        case HaproxySettings():
            from watchdog.daemon.sources.haproxy import haproxy  # noqa: PLC0415 - as actuator's

            return haproxy(settings, now)
        case CommandSettings():
            from watchdog.daemon.sources.command import command  # noqa: PLC0415 - as actuator's

            return command(settings, now, reveal)
        case _:
            assert_never(settings)
