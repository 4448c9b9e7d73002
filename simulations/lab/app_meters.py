"""What the application counts of itself, as a Prometheus client library and as Spring Boot's actuator show it.

What lives here: the counts and both ways to write them down. What must not: HTTP, the faults.
"""

import bisect
import json
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0)
"""Upper bounds in seconds: the defaults of most Prometheus client libraries, and 2, which a limit of 2 s needs."""

_MAX_OVER_S = 60.0
"""Micrometer's MAX forgets after one to three minutes."""


@dataclass(frozen=True, slots=True)
class Meter:
    """One meter of Micrometer's registry."""

    name: str
    tags: Mapping[str, str]
    measurements: Mapping[str, float]


class Meters:
    """Requests, how long they took, and attempts to get a connection to the database that failed."""

    def __init__(self, colour: str) -> None:
        self._colour = colour
        self._requests: Counter[int] = Counter({200: 0, 500: 0})
        self._seconds: defaultdict[int, float] = defaultdict(float)
        self._largest: dict[int, tuple[float, float]] = {}
        self._buckets = [0] * (len(BUCKETS) + 1)
        self._unconnected = 0
        self._started = time.time()

    def observe(self, status: int, seconds: float) -> None:
        """A request was answered."""
        now = time.monotonic()
        self._requests[status] += 1
        self._seconds[status] += seconds
        self._buckets[bisect.bisect_left(BUCKETS, seconds)] += 1
        since, largest = self._largest.get(status, (now, 0.0))
        if seconds >= largest or now - since > _MAX_OVER_S:
            self._largest[status] = now, seconds

    def unconnected(self) -> None:
        """The pool gave no connection to the database."""
        self._unconnected += 1

    def exposition(self) -> list[str]:
        """Lines of Prometheus text."""
        colour = f'color="{self._colour}"'
        lines = ["# TYPE http_requests_total counter"]
        lines += [f'http_requests_total{{{colour},status="{status}"}} {n}' for status, n in self._requests.items()]
        lines.append("# TYPE http_request_duration_seconds histogram")
        total = 0
        for bound, n in zip((*map(str, BUCKETS), "+Inf"), self._buckets, strict=True):
            total += n
            lines.append(f'http_request_duration_seconds_bucket{{{colour},le="{bound}"}} {total}')
        lines.append(f"http_request_duration_seconds_sum{{{colour}}} {sum(self._seconds.values())}")
        lines.append(f"http_request_duration_seconds_count{{{colour}}} {total}")
        lines.append("# TYPE db_connection_errors_total counter")
        lines.append(f"db_connection_errors_total{{{colour}}} {self._unconnected}")
        return [*lines, "# TYPE process_start_time_seconds gauge", f"process_start_time_seconds {self._started}"]

    def actuator(self, path: str, query: str, others: Mapping[str, float]) -> tuple[int, str]:
        """Status and body of a page below /actuator/metrics; `others` are further gauges by their name.

        A meter is there from its first event on; before that it is a 404 without a body, as Spring Boot has it.
        """
        meters = [*self._meters(), *(Meter(name, {}, {"VALUE": value}) for name, value in others.items())]
        name = path.removeprefix("/actuator/metrics").strip("/")
        if not name:
            return 200, json.dumps({"names": sorted({meter.name for meter in meters})})
        wanted = dict(value.split(":", 1) for key, value in parse_qsl(query) if key == "tag")
        fitting = [meter for meter in meters if meter.name == name and wanted.items() <= meter.tags.items()]
        return (200, json.dumps(_page(name, fitting, wanted))) if fitting else (404, "")

    def _meters(self) -> list[Meter]:
        requests = [
            Meter(
                "http.server.requests",
                {"status": str(status), "outcome": "SUCCESS" if status < 400 else "SERVER_ERROR"},
                {"COUNT": float(n), "TOTAL_TIME": self._seconds[status], "MAX": self._largest[status][1]},
            )
            for status, n in self._requests.items()
            if n
        ]
        timeouts = Meter("hikaricp.connections.timeout", {"pool": "main"}, {"COUNT": float(self._unconnected)})
        return [*requests, timeouts, Meter("process.start.time", {}, {"VALUE": self._started})]


def _page(name: str, meters: list[Meter], wanted: Mapping[str, str]) -> dict[str, Any]:
    """Meters that fit are added up; of MAX the largest is taken."""
    values: dict[str, float] = {}
    left: defaultdict[str, set[str]] = defaultdict(set)
    for meter in meters:
        for statistic, value in meter.measurements.items():
            old = values.get(statistic, 0.0)
            values[statistic] = max(old, value) if statistic == "MAX" else old + value
        for key in meter.tags.keys() - wanted.keys():
            left[key].add(meter.tags[key])
    return {
        "name": name,
        "measurements": [{"statistic": statistic, "value": value} for statistic, value in values.items()],
        "availableTags": [{"tag": key, "values": sorted(tags)} for key, tags in left.items()],
    }
