"""The phases of a deployment and the holds that stand beside them: tables, and nothing that decides.

A pair that `TRANSITIONS` does not list is illegal: `check_transition` raises and nothing has changed. The diagram in
the documentation is made from this table.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Phase(StrEnum):
    """Where a deployment is on its way."""

    SUBMITTED = "submitted"
    PREPARING = "preparing"
    SHIFTING = "shifting"
    SOAKING = "soaking"
    WAITING = "waiting"
    BAKING = "baking"
    PROMOTED = "promoted"
    ROLLING_BACK = "rolling_back"
    VERIFYING = "verifying"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_FAILED = "rollback_failed"
    ABORTED = "aborted"


class Hold(StrEnum):
    """Why progression stands still. A deployment has a set of them; rollback stays armed whatever is in it."""

    RULE = "rule"
    HUMAN = "human"
    INTERLOCK = "interlock"
    RESTART = "restart"
    PARACHUTE = "parachute"
    DIVERT = "divert"


class IllegalTransitionError(Exception):
    """A phase change that the table does not allow: a fault of this program, never of its user."""


TRANSITIONS: Final = MappingProxyType(
    {
        Phase.SUBMITTED: frozenset({Phase.PREPARING, Phase.ABORTED}),
        Phase.PREPARING: frozenset({Phase.SHIFTING, Phase.ABORTED}),
        Phase.SHIFTING: frozenset({Phase.SOAKING, Phase.BAKING, Phase.ROLLING_BACK}),
        Phase.SOAKING: frozenset({Phase.WAITING, Phase.SHIFTING, Phase.ROLLING_BACK}),
        Phase.WAITING: frozenset({Phase.SOAKING, Phase.SHIFTING, Phase.ROLLING_BACK}),
        Phase.BAKING: frozenset({Phase.SHIFTING, Phase.PROMOTED, Phase.ROLLING_BACK}),
        Phase.PROMOTED: frozenset({Phase.ROLLING_BACK}),
        Phase.ROLLING_BACK: frozenset({Phase.VERIFYING, Phase.ROLLBACK_FAILED}),
        Phase.VERIFYING: frozenset({Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED}),
        Phase.ROLLBACK_FAILED: frozenset({Phase.ROLLING_BACK, Phase.ROLLED_BACK}),
        Phase.ROLLED_BACK: frozenset(),
        Phase.ABORTED: frozenset(),
    }
)

WATCHED: Final = frozenset({Phase.SHIFTING, Phase.SOAKING, Phase.WAITING, Phase.BAKING})
"""The candidate may have users and its rules decide."""

ON_THE_WAY_BACK: Final = frozenset({Phase.ROLLING_BACK, Phase.VERIFYING, Phase.ROLLBACK_FAILED})
"""A rollback is ordered and not proved yet."""

ENDED: Final = frozenset({Phase.PROMOTED, Phase.ROLLED_BACK, Phase.ABORTED})
"""A new deployment may begin. Promoted is an end that a rollback can still leave while stable is kept."""

LIFTS_ITSELF: Final = frozenset({Hold.RULE, Hold.INTERLOCK})
"""Holds that go after five healthy minutes, unless the service says `resume: human`."""

LIFTED_BY_RESUME: Final = frozenset({Hold.HUMAN, Hold.RESTART, Hold.RULE, Hold.INTERLOCK})
"""Holds that a human's `resume` takes away. Divert and parachute end by what caused them."""


def check_transition(old: Phase, new: Phase) -> None:
    """Raise `IllegalTransitionError` unless the table allows the change."""
    if new not in TRANSITIONS[old]:
        msg = f"no way leads from {old} to {new}"
        raise IllegalTransitionError(msg)
