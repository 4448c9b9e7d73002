"""Every reason that can refuse, block or hold has words and a way out."""

import pytest

from watchdog.core import interlocks
from watchdog.core.orders import submission
from watchdog.core.phases import LIFTED_BY_RESUME, Hold
from watchdog.core.reasons import Reason
from watchdog.text import reasons


def used_in(module: object, function: str = "Reason.") -> set[str]:
    """The reasons that a core module's source names."""
    source = __import__("inspect").getsource(module)
    names = {part.split("(")[0] for part in source.split(function)[1:]}
    return {Reason[name].value for name in Reason.__members__ if any(part.startswith(name) for part in names)}


def test_the_tables_name_only_reasons() -> None:
    """A key of a table is a name of the closed list (or the daemon's own "nothing was decided")."""
    named = {*reasons.REFUSALS, *reasons.BLOCKS, *reasons.PASSES, *(reason for _, reason in reasons.HOLDS)}

    assert {"nothing_decided"} == named - {str(reason) for reason in Reason}


def test_every_refusal_section_has_words() -> None:
    """What the closed list calls a refusal of a command has a sentence here."""
    listed = list(Reason)
    refusals = listed[listed.index(Reason.NO_SUCH_SERVICE) :]

    assert [] == [str(reason) for reason in refusals if str(reason) not in reasons.REFUSALS]
    assert Reason.KNOWN_BAD in used_in(submission)
    assert {"known_bad", "schema", "stop_the_line", "one_at_a_time", "kept_long_enough"} <= set(reasons.REFUSALS)


def test_every_interlock_has_words() -> None:
    """Each interlock that is asked before a rollback can say yes and no in words."""
    asked = {interlock.__name__ for interlock in interlocks.FOR_ROLLBACK}

    assert set() == asked - set(reasons.BLOCKS)
    assert set() == asked - set(reasons.PASSES)


def test_a_refusal_says_why_and_what_helps() -> None:
    """The sentence has the detail, and ends in the command that helps."""
    told = reasons.refusal("known_bad", "4.2.0", "osun-his")

    assert (
        "4.2.0 was rolled back on proof and is not accepted again. "
        'rollback-watchdog forgive 4.2.0 --because "..."' == told
    )


def test_a_refusal_without_detail_has_no_hole() -> None:
    """The daemon sends the reason's name when it has no detail: neither the name nor empty brackets are shown."""
    assert (
        "osun-his has no deployment under way. rollback-watchdog status osun-his shows what was last"
        == reasons.refusal("no_deployment", "no_deployment", "osun-his")
    )
    assert "{" not in "".join(reasons.refusal(reason, reason, "osun-his") for reason in reasons.REFUSALS)


def test_an_unknown_reason_is_told_as_it_is() -> None:
    """A newer daemon's reason is still a sentence."""
    assert "brand new." == reasons.refusal("brand_new", "brand_new")
    assert "the moon is full." == reasons.refusal("brand_new", "the moon is full")


@pytest.mark.parametrize("hold", list(Hold))
def test_every_hold_has_a_way_out(hold: Hold) -> None:
    """A hold that `resume` lifts names the command; the others say how they end."""
    _, way = reasons.held(str(hold), "anything", "", service="osun-his", stable="blue")

    if hold in LIFTED_BY_RESUME:
        assert way.endswith("rollback-watchdog resume osun-his")
    else:
        assert "resume" not in way


def test_a_blocked_rollback_is_told_as_such() -> None:
    """The interlock's hold says that it is a rollback that is blocked."""
    why, _ = reasons.held("interlock", "schema", "unknown", service="osun-his", stable="blue")

    assert "the rollback is blocked: schema is unknown" == why


def test_an_interlock_without_detail_has_no_brackets() -> None:
    """A rollback by hand has no rule to compare; its interlock answers "pass", which nobody needs to read."""
    assert "no common cause" == reasons.passed("common_cause", "pass", "blue")
    assert "no common cause (errors: stable is inactive)" == reasons.passed(
        "common_cause", "errors: stable is inactive", "blue"
    )
