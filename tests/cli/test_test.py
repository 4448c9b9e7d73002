"""`rollback-watchdog test`."""

import argparse
import json
from pathlib import Path

import pytest

from tests.replay.stories import BAD_AT_20, write
from watchdog.cli import test as command


def call(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(arguments))


@pytest.mark.parametrize(("expect", "code"), [("{}", 0), ("{rolled_back: never}", 1), ("{rolled: never}", 2)])
def test_the_exit_code_says_how_it_went(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], expect: str, code: int
) -> None:
    """0: as expected; 1: not; 2: the file cannot be used, which is said on stderr."""
    path = write(tmp_path, f"one:\n{BAD_AT_20}    expect: {expect}")

    assert code == call(path)
    captured = capsys.readouterr()
    assert (code == 2) == (f"{path}:" in captured.err)
    assert (code == 1) == (f"{path}:3: one: not as expected" in captured.out)


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json the result is data."""
    path = write(tmp_path, f"one:\n{BAD_AT_20}    expect: {{diverts: 0}}", f"two:\n{BAD_AT_20}    expect: {{}}")

    assert 1 == call("--json", path)
    one, two = json.loads(capsys.readouterr().out)
    assert ("one", False, "diverts") == (one["scenario"], one["ok"], one["mismatches"][0]["key"])
    assert two["ok"]


def test_only_some(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --only the others are not run."""
    path = write(tmp_path, f"one:\n{BAD_AT_20}    expect: {{diverts: 0}}", f"two:\n{BAD_AT_20}    expect: {{}}")

    assert 0 == call("--only", "two", "--verbose", path)
    assert "two: ok" in capsys.readouterr().out


def test_write(tmp_path: Path) -> None:
    """With --write a transcript becomes the one that happened."""
    path = write(tmp_path, f"one:\n{BAD_AT_20}    expect: {{}}\n    transcript: |\n      nothing")

    assert [1, 0, 0] == [call(path), call("--write", path), call(path)]
