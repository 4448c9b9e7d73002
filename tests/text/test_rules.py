"""What a rule saw, in words."""

import pytest

from tests.text.views import NOW, ZONE, events, fired, probe, ratio, threshold, versus
from watchdog.text import rules


def test_evidence_has_counts_bound_limit_and_the_other_colour() -> None:
    """The sentence carries everything that speaks for the proof."""
    told = rules.evidence(fired(), at_least=0.6, zone=ZONE, now=NOW)

    assert (
        "error-rate: 36 of 44 requests to green failed since 09:14:56; at least 60 % (99.9 % anytime confidence), "
        "limit 5 %. blue: 0 of 430." == told
    )


def test_evidence_without_counts_says_so() -> None:
    """A rule with nothing bad has no share and no bound."""
    assert "error-rate: nothing bad is counted, limit 5 %." == rules.evidence(ratio())


def test_a_route_is_named() -> None:
    """A rule on one route says which."""
    told = rules.evidence(fired(signal="errors[lab-results]"), zone=ZONE)

    assert "36 of 44 requests to green on route lab-results failed" in told


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (fired(), "82 % of requests on green fail"),
        (fired(signal="slow"), "82 % of requests on green are slow"),
        (fired(signal="errors[login]"), "82 % of requests on green to login fail"),
        (probe(in_a_row=3), "health fails on green (3 times in a row)"),
        (threshold(level="firing"), "p95 on green is 1.2, limit 2"),
        (versus(bad=12.0, total=200.0, other_bad=2.0, other_total=400.0),
         "6 % of requests on green fail, 0.5 % on blue"),
        (versus(bad=12.0, total=200.0), "6 % of requests on green fail"),
        (versus(), "rule worse-than-stable fires on green"),
        (events(bad=12.0), "db-errors on green: 12 events"),
        (events(), "rule db-errors fires on green"),
        (probe(colour=None, in_a_row=1, name="db"), "db fails (1 time in a row)"),
    ],
)  # fmt: skip
def test_trouble(rule: rules.Rule, told: str) -> None:
    """The trouble is one clause, with the colour where the rule has one."""
    assert told == rules.trouble(rule)


@pytest.mark.parametrize(
    ("rule", "state", "line"),
    [
        (ratio(), "ok", "nothing bad on green, limit 5 %"),
        (ratio(judgement="insufficient"), "too few", "nothing bad on green, limit 5 %"),
        (ratio(judgement="not_applicable"), "idle", "green has no users to judge"),
        (fired(), "firing", "36 of 44 on green failed (82 %), limit 5 %"),
        (fired(judgement="not_applicable"), "firing", "36 of 44 on green failed (82 %), limit 5 %"),
        (probe(), "ok", "passes"),
        (probe(last_value=None), "ok", "not asked yet"),
        (
            probe(level="pending", in_a_row=1, last_detail="too many connections", since=NOW),
            "pending",
            "1 failure in a row, 3 decide, last: too many connections (09:15:00)",
        ),
        (threshold(), "ok", "1.2, fires when > 2 for 15 s"),
        (fired(waived=True), "waived", "36 of 44 on green failed (82 %), limit 5 %"),
        (
            versus(bad=12.0, total=200.0, other_bad=2.0, other_total=400.0),
            "ok",
            "12 of 200 on green failed (6 %), blue 0.5 %, allowed 1.5 times blue's share",
        ),
        (versus(), "ok", "nothing bad on green, allowed 1.5 times blue's share"),
        (versus(colour=None), "ok", "nothing bad, allowed 1.5 times the other's share"),
        (events(bad=3.0), "ok", "3 events on green, limit 2 events per minute"),
        (events(), "ok", "nothing on green, limit 2 events per minute"),
        (ratio(judgement="unknown"), "unknown", "edge: no new sample for 46 s (advisory)"),
    ],
)
def test_line(rule: rules.Rule, state: str, line: str) -> None:
    """Each kind of rule has its state and its line."""
    assert (state, line) == (rules.state(rule), rules.line(rule, required=False, silent_for=46.0, zone=ZONE))


def test_a_required_source_is_not_called_advisory() -> None:
    """Only a source that may be missing is called so."""
    assert "edge: nothing came yet" == rules.line(ratio(judgement="unknown"), required=True, silent_for=None)


def test_the_candidates_instance_is_found() -> None:
    """Of a rule's two instances the candidate's speaks; one without colours speaks for both."""
    known = [ratio(colour="blue"), ratio(), probe(colour=None)]

    assert known[1] == rules.about(known, "error-rate", "green")
    assert known[2] == rules.about(known, "health", "green")
    assert rules.about(known, "nothing", "green") is None


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (
            versus(bad=12.0, total=200.0, other_bad=2.0, other_total=400.0, onset=NOW - 4),
            (
                "worse-than-stable: 12 of 200 requests to green failed since 09:14:56; allowed 1.5 times blue's share. "
                "blue: 2 of 400."
            ),
        ),
        (versus(), "worse-than-stable: nothing bad is counted, allowed 1.5 times blue's share."),
        (
            events(bad=12.0, other_bad=1.0, onset=NOW - 4),
            "db-errors: 12 events on green since 09:14:56; limit 2 events per minute. blue: 1.",
        ),
        (events(bad=1.0, colour=None, limit=1.0), "db-errors: 1 event; limit 1 event per second."),
        (events(), "db-errors: nothing is counted on green, limit 2 events per minute."),
    ],
)
def test_evidence_of_the_other_sequential_kinds(rule: rules.Rule, told: str) -> None:
    """Counts of both colours, since when, and what is allowed."""
    assert told == rules.evidence(rule, zone=ZONE, now=NOW)
