"""The closed list of causes."""

import re

from watchdog.core.reasons import Reason


def test_a_reason_is_a_word_that_a_metric_label_can_carry() -> None:
    """Lower case, and the same as its name."""
    assert [] == [reason for reason in Reason if not re.fullmatch(r"[a-z]+(_[a-z]+)*", reason)]
    assert [] == [reason for reason in Reason if reason.name.lower() != reason]
