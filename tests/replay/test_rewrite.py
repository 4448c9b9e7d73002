"""Transcripts in files."""

from pathlib import Path

from tests.replay.stories import BAD_AT_20, write
from watchdog.replay.expectations import judge
from watchdog.replay.files import load
from watchdog.replay.rewrite import rewrite
from watchdog.replay.scenario import run


def test_a_written_transcript_is_the_one_that_happened(tmp_path: Path) -> None:
    """After writing, the scenario is as expected and every other line of the file is as it was."""
    before = f"one:\n{BAD_AT_20}    expect: {{}}  # a comment\n    transcript: |\n      nothing\n    seed: '3'"
    path = write(tmp_path, before, f"two:\n{BAD_AT_20}    expect: {{}}")
    old = Path(path).read_text().splitlines()
    first = [run(each) for each in load(path)]
    assert ["transcript"] == [each.key for each in judge(first[0])]

    rewrite(path, first)

    assert [[], []] == [list(judge(run(each))) for each in load(path)]
    new = Path(path).read_text().splitlines()
    cut = next(number for number, line in enumerate(old) if "transcript" in line)
    assert old[:cut] == new[:cut]
    assert old[cut + 2 :] == new[-len(old[cut + 2 :]) :]
