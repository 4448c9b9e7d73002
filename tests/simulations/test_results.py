from pathlib import Path

from simulations.lab.results import (
    Record,
    last_before_first_cut,
    quantile,
    quiet_seconds,
    read_records,
    summarise,
)


def record(started: float, colour: str = "green", status: int = 200, *, took: float = 0.01) -> Record:
    return Record(
        started=started,
        ended=started + took,
        late=0.0,
        user=1,
        reused=False,
        status=status,
        colour=colour,
        route="/",
        error="-" if status else "closed",
    )


def every(step: float, start: float, end: float, colour: str) -> list[Record]:
    return [record(start + i * step, colour) for i in range(round((end - start) / step))]


def test_a_record_survives_its_line(tmp_path: Path) -> None:
    """What was written is read, by start, without the line that is still being written."""
    late, early = record(1795511076.482047, "blue", 503), record(1795511075.25, "-", 0)
    path = tmp_path / "load.txt"
    path.write_text(late.line() + early.line() + early.line()[:20])

    assert [early.started, late.started] == [each.started for each in read_records(path)]
    assert [("-", 0, "closed"), ("blue", 503, "-")] == [(r.colour, r.status, r.error) for r in read_records(path)]
    assert [] == read_records(tmp_path / "none.txt")


def test_errors_are_what_users_call_errors() -> None:
    """5xx and no answer are errors, 4xx is not; no answer is counted apart too."""
    summary = summarise([record(1), record(2, status=404), record(3, status=500), record(4, "-", 0)])

    assert (4, 2, 1) == (summary.requests, summary.errors, summary.connection_errors)
    assert {"green": 3, "-": 1} == summary.by_colour


def test_an_empty_run_has_a_summary() -> None:
    """Nothing was sent: all figures are 0."""
    assert (0, 0, 0.0) == (summarise([]).requests, summarise([]).errors, summarise([]).p99_ms)


def test_quantiles_are_nearest_rank() -> None:
    """The quantile of a sequence is one of its values."""
    assert [1, 6, 10] == [quantile(range(1, 11), fraction) for fraction in (0.0, 0.5, 1.0)]


def test_the_cut_is_where_traffic_first_left() -> None:
    """Requests of a trial after the first cut do not move the figure."""
    records = [
        *every(0.1, 0, 20, "green"),
        *every(0.02, 0, 40, "blue"),
        *every(0.1, 30, 33, "green"),
    ]

    assert 19.9 == round(last_before_first_cut(records, "green", fault=10) or 0, 3)


def test_a_rare_candidate_is_not_taken_for_cut_off() -> None:
    """How long silence must last follows from what the colour had before the fault."""
    records = [*every(0.5, 0, 20, "green"), *every(0.02, 0, 60, "blue")]

    assert 10.0 == round(quiet_seconds(records, "green", fault=10), 3)
    assert 19.5 == last_before_first_cut(records, "green", fault=10)


def test_requests_that_nothing_answered_count_as_the_candidates() -> None:
    """After a crash nginx answers alone; those requests were the candidate's."""
    records = [*every(0.1, 0, 10, "green"), *every(0.1, 10, 15, "-"), *every(0.1, 0, 30, "blue")]

    assert 14.9 == round(last_before_first_cut(records, "green", fault=10) or 0, 3)


def test_a_candidate_that_was_never_cut_off_has_its_last_request() -> None:
    """Without a cut the figure is the end of the run; without requests there is none."""
    records = every(0.1, 0, 20, "green")

    assert 19.9 == round(last_before_first_cut(records, "green", fault=10) or 0, 3)
    assert last_before_first_cut(records, "green", fault=30) is None
