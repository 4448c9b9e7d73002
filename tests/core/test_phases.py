"""The table of phases, its law, and the diagram that is made from it."""

import itertools
import re
from pathlib import Path

import pytest

from watchdog.core.phases import (
    ENDED,
    LIFTED_BY_RESUME,
    LIFTS_ITSELF,
    TRANSITIONS,
    WATCHED,
    Hold,
    IllegalTransitionError,
    Phase,
    check_transition,
)

ARCHITECTURE = Path(__file__).resolve().parents[2] / "docs" / "architecture.md"


def diagram() -> str:
    """The table as a mermaid state diagram, for docs/architecture.md."""
    lines = ["stateDiagram-v2", f"    [*] --> {Phase.SUBMITTED}"]
    for old, news in TRANSITIONS.items():
        lines += [f"    {old} --> {new}" for new in Phase if new in news]
        lines += [f"    {old} --> [*]"] if not news else []
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(("old", "new"), list(itertools.product(Phase, Phase)))
def test_only_what_the_table_lists_is_allowed(old: Phase, new: Phase) -> None:
    """Every other pair raises and names both."""
    if new in TRANSITIONS[old]:
        check_transition(old, new)
        return
    with pytest.raises(IllegalTransitionError, match=f"from {old} to {new}"):
        check_transition(old, new)


def test_every_phase_is_in_the_table() -> None:
    """Terminal ones lead nowhere."""
    assert set(Phase) == set(TRANSITIONS)
    assert {Phase.ROLLED_BACK, Phase.ABORTED} == {phase for phase, news in TRANSITIONS.items() if not news}


def test_every_phase_can_be_reached() -> None:
    """From a submission on."""
    reached = {Phase.SUBMITTED}
    for _ in Phase:
        reached |= {new for old in reached for new in TRANSITIONS[old]}

    assert set(Phase) == reached


def test_a_rollback_can_begin_wherever_the_candidate_may_have_users() -> None:
    """Watched phases, and promoted while stable is kept."""
    assert WATCHED | {Phase.PROMOTED, Phase.ROLLBACK_FAILED} == {
        old for old, news in TRANSITIONS.items() if Phase.ROLLING_BACK in news
    }
    assert not WATCHED & ENDED


def test_every_hold_ends_by_itself_by_a_human_or_with_its_cause() -> None:
    """Divert and the parachute end with what caused them."""
    assert {Hold.DIVERT, Hold.PARACHUTE} == set(Hold) - LIFTS_ITSELF - LIFTED_BY_RESUME


def test_the_documents_diagram_is_the_table() -> None:
    """The fenced mermaid block in docs/architecture.md says the same."""
    blocks = re.findall(r"```mermaid\n(.*?)```", ARCHITECTURE.read_text(), re.DOTALL)

    assert diagram() in blocks
