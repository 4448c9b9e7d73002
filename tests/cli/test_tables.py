"""The columns of `explain`."""

import math

import pytest

from tests.text.views import GIB, NOW, ZONE, Data, events, probe, ratio, spike, threshold, trend, versus
from watchdog.cli import tables


def row(**different: object) -> Data:
    return {
        "at": NOW,
        "bad": 3.0,
        "total": 5.0,
        "other_bad": 0.0,
        "other_total": 50.0,
        "log_e": math.log(24.0),
        "value": 0.6,
        "in_a_row": 0,
        "detail": "",
        "level": "inactive",
    } | different


@pytest.mark.parametrize(
    ("e", "told"), [(0.4, "0.4"), (6.94, "6.9"), (999.9, "999"), (1_000.0, "1,000"), (1e48, "10^48")]
)
def test_evidence(e: float, told: str) -> None:
    """Evidence is never rounded up to its proof, and large evidence is told by its exponent."""
    assert told == tables.evidence(math.log(e))


def test_a_rule_without_evidence_has_an_empty_cell() -> None:
    """Probes and gauges have none."""
    assert "" == tables.evidence(None)


def test_counts_with_the_line_where_it_crossed() -> None:
    """Time, counts, share, the other colour, evidence; suspicion and proof are marked once."""
    rule = ratio() | {
        "rows": [
            row(),
            row(bad=20.0, total=25.0, level="pending", log_e=math.log(30.0)),
            row(bad=36.0, total=44.0, other_total=430.0, level="firing", log_e=math.log(1_400.0)),
        ]
    }

    assert [
        "time      bad  total  share  other colour  evidence",
        "09:15:00    3      5   60 %       0 of 50        24",
        "09:15:00   20     25   80 %       0 of 50        30  <- suspected",
        "09:15:00   36     44   82 %      0 of 430     1,400  <- fires",
    ] == tables.rows_of(rule, ZONE)
    assert "error-rate on green: limit 5 %, proved at evidence 1,000" == tables.head(rule)


def test_failures_in_a_row() -> None:
    """A probe's rows are its failures with what was seen."""
    rule = probe() | {"rows": [row(in_a_row=1, detail="timeout"), row(in_a_row=3, detail="refused", level="firing")]}

    assert [
        "time      in a row     last",
        "09:15:00         1  timeout",
        "09:15:00         3  refused  <- fires",
    ] == tables.rows_of(rule, ZONE)
    assert "health on green: 3 failures in a row decide" == tables.head(rule)


def test_values() -> None:
    """A gauge's rows are its values; one that is not there is an empty cell."""
    rule = threshold(colour=None) | {"rows": [row(value=2.31, level="pending"), row(value=None, level="pending")]}

    assert ["time      value", "09:15:00    2.3  <- suspected", "09:15:00"] == tables.rows_of(rule, ZONE)
    assert "p95: fires when > 2 for 15 s" == tables.head(rule)


def test_events_without_a_denominator() -> None:
    """Counts of both colours and the evidence."""
    rule = events() | {"rows": [row(bad=2.0, other_bad=1.0), row(bad=9.0, other_bad=1.0, level="firing")]}

    assert [
        "time      events  other colour  evidence",
        "09:15:00       2             1        24",
        "09:15:00       9             1        24  <- fires",
    ] == tables.rows_of(rule, ZONE)
    assert "db-errors on green: limit 2 events per minute, proved at evidence 1,000" == tables.head(rule)


def test_a_comparison_has_the_columns_of_a_share() -> None:
    """With the other colour's counts."""
    rule = versus() | {"rows": [row()]}

    assert "3 5 60 % 0 of 50 24" == " ".join(tables.rows_of(rule, ZONE)[1].split()[1:])
    assert "worse-than-stable on green: allowed 1.5 times blue's share, proved at evidence 1,000" == tables.head(rule)


def test_values_have_their_unit() -> None:
    """A memory is told in GiB, a processor in percent."""
    rule = trend() | {"rows": [row(value=1.6 * GIB)]}

    assert ["09:15:00  1.6 GiB"] == tables.rows_of(rule, ZONE)[1:]
    assert "memory on green: fires when it reaches 2 GiB within 60 min for 60 s" == tables.head(rule)
    assert ["09:15:00   96 %"] == tables.rows_of(spike() | {"rows": [row(value=0.96)]}, ZONE)[1:]
