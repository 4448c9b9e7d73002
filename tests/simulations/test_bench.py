import re

import pytest

from simulations.bench import __main__ as dispatcher
from simulations.lab.processes import PROJECT


def test_without_a_name_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Each benchmark has one line that says what it measures."""
    assert 0 == dispatcher.main([])

    listed = capsys.readouterr().out
    assert "peer" in listed
    assert "The comparator: Prometheus alert" in listed
    assert "__main__" not in listed


def test_an_unknown_name_is_refused_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    """The way out is in the error."""
    assert 2 == dispatcher.main(["per"])

    said = capsys.readouterr().err
    assert "'per' is not a benchmark" in said
    assert "  peer" in said


def test_every_benchmark_can_be_asked_for_help(capsys: pytest.CaptureFixture[str]) -> None:
    """What is listed can be imported and takes --help and --quick."""
    for name in dispatcher.benchmarks():
        with pytest.raises(SystemExit) as ended:
            dispatcher.main([name, "--help"])
        assert 0 == ended.value.code
        assert "--quick" in capsys.readouterr().out


def test_the_keys_of_every_benchmark_are_documented() -> None:
    """Each has its row, and what the row names is in the benchmark or in what it prints."""
    docs = (PROJECT / "docs" / "laboratory.md").read_text()
    section = docs.partition("## The benchmarks")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE))

    assert set(dispatcher.benchmarks()) == set(rows)
    for name, row in rows.items():
        source = (dispatcher.FOLDER / f"{name}.py").read_text()
        assert [] == [key for key in re.findall(r"`(\w+)`", row) if key not in source]
