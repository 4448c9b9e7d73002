"""The dispatch by kind of rule."""

import pytest

from tests.core.rules.examples import count, counts, ratio, relative, rule
from watchdog.core.conditions import Bound, Condition, Probe, Threshold
from watchdog.core.rules import api

CONDITIONS: list[Condition] = [
    ratio(),
    relative(),
    count(),
    Probe(signal="up", fall=3, rise=2),
    Threshold(value="p95", when=Bound(op=">", limit=2.0), clear=Bound(op=">", limit=2.0)),
]
PAIRS = [(one, other) for one in CONDITIONS for other in CONDITIONS if one is not other]


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: str(condition.kind))
def test_a_state_says_of_which_kind_it_is(condition: Condition) -> None:
    """A codec tells them apart by it."""
    api.check(condition)
    assert condition.kind == api.initial(rule(condition)).kind


@pytest.mark.parametrize(("condition", "other"), PAIRS)
def test_a_state_of_another_kind_is_refused(condition: Condition, other: Condition) -> None:
    """A rule whose definition changed must start afresh; a mix-up is a bug and changes nothing."""
    subject, state = rule(condition), api.initial(rule(other))
    with pytest.raises(TypeError, match=f"is a {condition.kind}, its state a {other.kind}"):
        api.observe(subject, state, counts(0.0, 0.25, 0.0, 1.0))
    with pytest.raises(TypeError, match="the-rule"):
        api.suspicious(subject, state)
