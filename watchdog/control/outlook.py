"""What would be found at the measured traffic, as plain data for screens.

What lives here: when the traffic counts as measured, and the translation of `core/outlook`. What must not: estimates,
sentences. A time that is not within the deployment is None.
"""

import math
from typing import Any, Final

from watchdog.core import verdict
from watchdog.core.model import Seconds
from watchdog.core.outlook.traffic import AIM, at_traffic
from watchdog.core.outlook.values import LEVEL_1_S
from watchdog.core.settings import Service
from watchdog.core.state import ServiceState

MEASURED_AFTER_S: Final = 10.0
"""So long after a step its traffic is known well enough."""


def at_measured_traffic(settings: Service, known: ServiceState, now: Seconds) -> dict[str, Any] | None:
    """None while no user is on the candidate, while its traffic is not known, and without a rule that judges it."""
    deployment = known.deployment
    if deployment is None or not deployment.watched or deployment.step_at is None or verdict.cut(deployment):
        return None
    lasted = now - deployment.step_at
    if lasted < MEASURED_AFTER_S:
        return None
    rules = tuple(instance.rule for instance, _ in verdict.candidates(known))
    found = at_traffic(settings, deployment.plan, rules, deployment.requests / lasted, known.rates[1])
    if found is None:
        return None
    aimed = next(each for each in found.findings if each.share == AIM)
    return {
        "rate": found.rate,
        "findings": [
            {"share": each.share, "typical": finite(each.typical), "worst": finite(each.worst), "rule": each.rule}
            for each in found.findings
        ],
        "within": LEVEL_1_S,
        "aim": AIM,
        "in_time": aimed.worst <= LEVEL_1_S,
        "needed": None if found.needed is None else finite(found.needed),
        "asks_itself": any(source.sends_requests for source in settings.sources),
    }


def finite(seconds: Seconds) -> float | None:
    """JSON has no infinity."""
    return seconds if math.isfinite(seconds) else None
