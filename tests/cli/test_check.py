"""`check`: what is wrong, or what is in force."""

import json
from pathlib import Path

import pytest

from tests.cli.helpers import call
from watchdog.cli.main import main

GOOD = Path(__file__).parent.parent / "config" / "good.yml"


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """The good file with two mistakes."""
    path = tmp_path / "env.yml"
    path.write_text(
        GOOD.read_text().replace("limit: 5%", "limit: 5").replace("rules: [errors, health]", "rules: [eror]")
    )
    return path


def test_a_file_that_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    """0, with what it holds in one line."""
    assert 0 == call(main, "check", str(GOOD))

    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(f"{GOOD} is right: test, 1 service, 2 rules, ")


def test_every_mistake_is_told(wrong: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1, with file and line of each, and nothing on the output that a script might take for an answer."""
    assert 1 == call(main, "check", str(wrong))

    out, err = capsys.readouterr()
    assert "" == out
    assert f"{wrong}:7: rules.errors.sequential_ratio.limit:" in err
    assert err.endswith("nothing was loaded.\n")


def test_mistakes_as_json(wrong: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each mistake with its fields, on the output."""
    assert 1 == call(main, "check", "--json", str(wrong))

    errors = json.loads(capsys.readouterr().out)["errors"]
    assert {"file", "line", "key", "message"} == set(errors[0])
    assert 7 in {error["line"] for error in errors}


def test_what_is_in_force(capsys: pytest.CaptureFixture[str]) -> None:
    """Every key with its value and where it was written; defaults say that they are."""
    assert 0 == call(main, "check", "--effective", str(GOOD))

    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["blind_after", "2m", "default"] in rows
    assert any(row[0] == "rules.errors.on_fire" and row[-1] == f"{GOOD}:7" for row in rows if len(row) > 2)


def test_what_is_in_force_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The same for programs."""
    assert 0 == call(main, "check", "--effective", "--json", str(GOOD))

    told = json.loads(capsys.readouterr().out)
    assert ([], "test") == (told["errors"], told["environment"])
    assert {"key": "blind_after", "value": "2m", "origin": "default"} in told["effective"]


def test_the_sources_are_asked_when_that_is_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], free_tcp_port: int
) -> None:
    """1 when one does not answer: the file is right, what it names is not."""
    path = tmp_path / "env.yml"
    path.write_text(
        GOOD.read_text()
        .replace("127.0.0.1:8081", f"127.0.0.1:{free_tcp_port}")
        .replace("127.0.0.1:8082", "localhost:1")
    )

    assert 1 == call(main, "check", "--live", str(path))

    out = capsys.readouterr().out
    assert f"blue at 127.0.0.1:{free_tcp_port} is not healthy: refused" in out
    assert out.splitlines()[-1].startswith(f"{path} is right: ")
