"""Counting what a step's gate wants: users' requests to the candidate, and passes of our own.

What lives here: the counts since the step, folded from one observation. What must not: whether they are enough
(`rollout`), anything about rules.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import inf

from watchdog.core.events import Observed
from watchdog.core.model import Missing, Seconds, Value
from watchdog.core.settings import Service
from watchdog.core.state import Deployment


def requested(settings: Service, deployment: Deployment, own: Mapping[str, Value]) -> Deployment:
    """The candidate's users' requests of one slice are added, in all and on each critical route."""
    routes = dict(deployment.route_requests)
    for route in settings.critical_routes:
        routes[route] = routes.get(route, 0) + int(count(own.get(f"requests[{route}]")))
    requests = deployment.requests + int(count(own.get("requests")))
    return replace(deployment, requests=requests, route_requests=routes)


def passed(settings: Service, deployment: Deployment, body: Observed, since: Seconds) -> Deployment:
    """Our own requests that the candidate answered well are added, for the critical routes whose names they have.

    `since`: when the present step was confirmed. What may have begun to be counted before it is left out.
    """
    own = {reading.signal: reading for reading in body.readings if reading.colour is deployment.candidate}
    passes = dict(deployment.route_passes)
    for route in settings.critical_routes:
        total, failed = own.get(f"requests[{route}]"), own.get(f"failures[{route}]")
        if total is None or failed is None or (total.over or (body.start, body.end))[0] < since:
            continue
        known = not isinstance(failed.value, Missing)
        passes[route] = passes.get(route, 0) + (int(max(0.0, count(total.value) - count(failed.value))) if known else 0)
    return replace(deployment, route_passes=passes)


def count(value: Value | None) -> float:
    """A reading as a number of events; what is none (missing, negative, not finite) counts nothing."""
    return 0.0 if value is None or isinstance(value, Missing) or not 0.0 <= value < inf else value
