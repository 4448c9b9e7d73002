"""What `check --live` finds at one server's actuator.

What lives here: findings, pure. What must not: asking.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from watchdog.core.model import Missing
from watchdog.sources.actuator import answers
from watchdog.sources.actuator.answers import Metric
from watchdog.sources.actuator.client import Answer
from watchdog.sources.base import Finding

BASE_UNITS: Mapping[str, frozenset[str]] = {
    "duration": frozenset({"seconds"}),
    "size": frozenset({"bytes"}),
}
"""How Micrometer must call a meter's unit for a rule's comparison to mean what it says."""


SLIP = 0.9
"""Names that are so much alike differ by a slip; `hikaricp.connections.active` and `.timeout` are 0.87 alike."""


def server(
    who: str, page: Answer, names: Answer, components: Sequence[str], metrics: Mapping[Metric, Answer]
) -> Iterator[Finding]:
    """Everything that is worth a word at one server. `names`: its answer to /metrics."""
    yield from _health(who, page, components)
    if not metrics:
        return
    known = names.body.get("names") if isinstance(names.body, dict) else None
    if names.missing is None and not isinstance(known, list):
        what = f"{who}: {names.status} instead of a list of metrics"
        yield Finding(ok=False, what=what, remedy=answers.EXPOSE.format("metrics"))
        return
    for metric, answer in metrics.items():
        yield from _metric(who, metric, answer, [str(name) for name in known or []])


def _health(who: str, page: Answer, components: Sequence[str]) -> Iterator[Finding]:
    said = answers.health(page)
    if isinstance(said.value, Missing):
        yield Finding(ok=False, what=f"{who}: health gives no reading ({said.value}): {said.detail}")
        return
    what = f"{who}: health is UP" if said.value else f"{who}: health is {said.detail}"
    yield Finding(ok=True if said.value else None, what=what)
    for name in components:
        part = answers.component(page, name)
        if isinstance(part.value, Missing):
            yield Finding(ok=False, what=f"{who}: health[{name}] gives no reading ({part.value}): {part.detail}")


def _metric(who: str, metric: Metric, answer: Answer, known: Sequence[str]) -> Iterator[Finding]:
    said = answers.meter(answer, metric)
    if said is None:
        yield _unregistered(who, metric, known)
        return
    if isinstance(said.value, Missing):
        what = f"{who}: {metric.name} gives no reading ({said.value}): {said.detail}"
        yield Finding(ok=None if said.value is Missing.NAN else False, what=what)
        return
    yield Finding(ok=True, what=f"{who}: {metric.name} is {said.value:g}")
    unit = _base_unit(answer.body)
    wanted = BASE_UNITS.get(metric.unit)
    if wanted and unit and unit not in wanted:
        what = f"{who}: {metric.name} is in {unit}, and rules compare it as a {metric.unit}"
        yield Finding(ok=False, what=what, remedy="wanted unit: number, and limits in the meter's own unit")


def _unregistered(who: str, metric: Metric, known: Sequence[str]) -> Finding:
    """A meter may come with its first use; a name that is nearly another's is a slip."""
    what = f"{who}: {metric.name}: {answers.unregistered(metric)}"
    if metric.meter in known:
        return Finding(ok=None, what=what, remedy="the meter is there with other tags")
    near = difflib.get_close_matches(metric.meter, known, n=1, cutoff=SLIP)
    if near:
        return Finding(ok=False, what=what, remedy=f"did you mean {near[0]}?")
    return Finding(ok=None, what=what, remedy="it may come with its first use; until then the signal has no value")


def _base_unit(body: Any) -> str:
    unit = body.get("baseUnit") if isinstance(body, dict) else None
    return unit if isinstance(unit, str) else ""
