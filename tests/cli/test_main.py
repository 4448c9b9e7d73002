"""The parser: quick, complete, and documented."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.helpers import call
from watchdog.cli.main import main

WORLD = {
    "run", "check", "schema", "status", "explain", "pause", "resume", "promote", "abort", "rollback", "forgive", "ack",
    "adopt", "waive", "stop-the-line", "reload", "test", "nginx", "disarm", "hold", "divert", "did",
    "preflight", "drill",
}  # fmt: skip


def test_every_command_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    """--help lists them all, with the exit statuses."""
    assert 0 == call(main, "--help")

    out = capsys.readouterr().out
    assert WORLD == {line.split()[0] for line in out.splitlines() if line.startswith("    ") and line[4] != " "} - {
        "COMMAND"
    }
    assert "3 the daemon is not reachable" in " ".join(out.split())


def test_help_answers_at_once() -> None:
    """--help loads nothing but argparse: no client, no YAML, no daemon; the best of five runs takes below 150 ms."""
    program = (
        "import sys\nfrom watchdog.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print(*sorted(m for m in sys.modules if m.split('.')[0] in "
        "('watchdog', 'httpx', 'yaml', 'pydantic', 'structlog', 'asyncio')), file=sys.stderr)"
    )
    took, loaded = [], set()
    for _ in range(5):
        began = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
        took.append(time.perf_counter() - began)
        loaded |= set(done.stderr.split())

    assert {"watchdog", "watchdog.cli", "watchdog.cli.main", "watchdog.cli.options"} == loaded
    assert min(took) < 0.15


@pytest.mark.parametrize(
    "typed",
    [
        [],
        ["nothing"],
        ["rollback"],
        ["explain"],
        ["nginx", "nothing", "file"],
        ["status", "--socket", "a", "--config", "b"],
        ["ack", "osun-his", "--because", "x"],
        ["run"],
    ],
)
def test_usage_is_status_2(typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be understood is told with the usage, and nothing is done."""
    assert 2 == call(main, *typed)
    assert "usage: rollback-watchdog" in capsys.readouterr().err


def test_run_starts_the_daemon_with_what_was_typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is wrong is told in the words of `check`, and the status is the daemon's."""
    wrong = tmp_path / "env.yml"
    wrong.write_text("version: 2\n")

    assert 1 == call(main, "run", "--config", str(wrong), "--log", "console", "--log-level", "warning")
    assert "nothing was loaded." in capsys.readouterr().err


def test_scenario_tests_have_their_own_arguments(tmp_path: Path) -> None:
    """`test` knows its options, and hands its status on."""
    assert 0 == call(main, "test", "--help")
    missing = tmp_path / "nothing.test.yml"
    assert 0 != call(main, "test", str(missing))


def test_a_reader_that_goes_is_no_error(tmp_path: Path) -> None:
    """`| head` closes our output: no traceback."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-c", "from watchdog.cli.main import main; main()", "status", "--help"],
        check=False,
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(write)

    assert "Traceback" not in done.stderr
