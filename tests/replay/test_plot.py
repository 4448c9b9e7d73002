"""Pictures of text."""

from watchdog.replay.plot import Mark, plot


def test_bars_limit_and_marks() -> None:
    """Bars stand over the limit's line, marks under their column, and unknown is shown as such."""
    rows = plot(
        [0.0, None, 1.0], start=0.0, width=1.0, limit=0.05, marks=[Mark(at=2.5, letter="D"), Mark(at=9.0, letter="R")]
    )

    assert "100.0 % |  █" == rows[0].strip()
    assert "5.0 % |--█" == rows[7].strip()
    assert "D" == rows[9].strip()
    assert rows[9].index("D") == rows[0].index("█")
    assert not any("R" in row for row in rows)


def test_two_marks_in_one_column() -> None:
    """Several marks in one column become a star."""
    rows = plot([0.0] * 4, start=0.0, width=1.0, limit=None, marks=[Mark(at=1.0, letter="s"), Mark(at=1.2, letter="h")])

    assert any(row.strip() == "*" for row in rows)
    assert any("?" not in row for row in rows)
