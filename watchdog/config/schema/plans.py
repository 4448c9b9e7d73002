"""Plans: the steps by which a release gets users, and the watch after the last.

What lives here: the keys of `plans`. What must not: services.
"""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.schema.base import Complaint, Model, Short
from watchdog.config.units import Duration, Weight
from watchdog.config.words import Count


class Gate(Model):
    """Evidence that a step must have gathered before the next one begins."""

    requests: Count = Field(default=200, description="Requests of users to the candidate in this step. 0: none.")
    per_critical_route: Count = Field(default=20, description="Requests to each critical route in this step. 0: none.")
    passes_per_critical_route: Count = Field(
        default=10,
        description="So many passes of a synthetic request with the route's name, to the candidate in this step, do as "
        "well. 0: only users' requests count.",
    )


class Step(Model):
    """One step of a plan."""

    WHOLE: ClassVar[bool] = True
    LATER: ClassVar[frozenset[str]] = frozenset({"soak_deadline"})

    weight: Weight = Field(description="The candidate's share of users, in steps of 0.01%. Each step's is larger.")
    soak: Duration | None = Field(
        default=None,
        description="Healthy, watched time before the next step. Wanted for every step but the last; there 0s.",
    )
    gate: Gate = Field(default=Gate(), description="Evidence wanted before the next step.")


class Bake(Model):
    """The watch after full promotion."""

    at_least: Duration = Field(default=Duration(1800.0), description="Healthy, watched time. 0s: none.")
    requests: Count = Field(default=0, description="Requests to the candidate in that time. 0: time alone decides.")


def _bake(value: Any) -> Any:
    """A duration stands for `at_least`."""
    return {"at_least": value} if isinstance(value, str) else value


class Plan(Model):
    """The way of a release."""

    LATER: ClassVar[frozenset[str]] = frozenset({"soak_deadline", "hooks"})

    steps: Annotated[tuple[Step, ...], Field(min_length=1)] = Field(
        description="Steps with rising weights; the last has 100%."
    )
    bake: Annotated[Bake, Short(_bake, Duration)] = Field(
        default=Bake(),
        description="The watch after the last step: a duration, or `{at_least: 30m, requests: 5000}` for both.",
    )

    def complaints(self) -> Iterator[Complaint]:
        """Weights rise to 100 %, and every step but the last says how long."""
        before = 0.0
        for index, step in enumerate(self.steps):
            if step.weight <= before:
                yield ("steps", index, "weight"), found(step.weight, f"more than the step before ({Weight(before)})")
            before = step.weight
            if step.soak is None and index < len(self.steps) - 1:
                yield ("steps", index), "soak is missing; wanted how long this step lasts, such as soak: 15m"
        if self.steps[-1].weight != 1.0:
            yield ("steps", len(self.steps) - 1, "weight"), found(self.steps[-1].weight, "100% in the last step")
        if self.watched <= 0.0:
            yield ("bake",), "nothing is watched: the soaks and the bake are 0s together; wanted such as bake: 30m"

    @property
    def watched(self) -> float:
        """Seconds that a deployment is watched when nothing holds it up."""
        return sum(float(step.soak or 0.0) for step in self.steps) + float(self.bake.at_least)
