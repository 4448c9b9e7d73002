"""The deploy driver against a real control server."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.helpers import DRIVER, CliApi, Terminal, daemon
from tests.control.harness import Running, running
from tests.text import views
from watchdog.deploy.driver import Order, follow_again, run

ORDER = Order(service="osun-his", release="4.2.0")


def promoted() -> views.Data:
    return views.view(views.service(deployment=views.deployment(phase="promoted", step=2)))


def _driver(socket: Path, *, columns: int) -> Terminal:
    return Terminal(
        DRIVER, "run", "--service", "osun-his", "--release", "4.2.0", "--socket", str(socket), columns=columns
    )


def test_a_release_is_submitted_and_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The daemon accepts, the driver looks on, and ends with 0 when the release is promoted."""
    api = CliApi()
    api.plays(views.view(), promoted())
    with daemon(api, tmp_path) as socket:
        status = run(Order(service="osun-his", release="4.2.0", plan="canary", because="sprint 12"), socket)

    assert 0 == status
    assert [("submit", {"service": "osun-his", "release": "4.2.0", "plan": "canary", "because": "sprint 12"})] == (
        api.commands
    )
    out = capsys.readouterr().out.splitlines()
    assert "osun-his: 4.2.0 is accepted; the daemon has it from here on." == out[0]
    assert "osun-his 4.2.0 is promoted: green is stable from here on." in out


def test_a_refusal_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1, with the reason and the way out on the error stream."""
    api = CliApi()
    api.refuses = ("known_bad", "4.2.0")
    with daemon(api, tmp_path) as socket:
        status = run(ORDER, socket)

    assert 1 == status
    assert (
        "osun-his: 4.2.0 was rolled back on proof and is not accepted again. "
        'rollback-watchdog forgive 4.2.0 --because "..."\n' == capsys.readouterr().err
    )


def test_level_1_off_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A schema that stable may not know turns automatic rollback off: one sentence, and who watches."""
    off = views.deployment(level_1=False, level_1_off="schema", schema="unknown", watched_by="dba")
    with daemon(CliApi(views.view(views.service(deployment=off))), tmp_path) as socket:
        order = Order(service="osun-his", release="4.2.0", schema="unknown", watched_by="dba")
        assert 0 == run(order, socket, follows=False)

    assert (
        "Automatic rollback (level 1) is off for it: schema is unknown; dba watches."
        == capsys.readouterr().out.splitlines()[1]
    )


@pytest.mark.parametrize(
    ("service", "deployment", "told"),
    [
        (
            {"shadow": True},
            {"level_1": False, "level_1_off": "shadow"},
            [
                "Automatic rollback (level 1) is off for it: shadow mode is on; nobody is named to watch.",
                "Who watches?",
            ],
        ),
        (
            {"data": "per_colour"},
            {"watched_by": "dba"},
            ["Level 1 is on until green accepts its first write: each colour keeps its own data, and a rollback"],
        ),
        ({"data": "per_colour", "writes_may_be_lost": True}, {}, []),
        ({}, {"id": "osun-his-2", "level_1": False, "level_1_off": "schema"}, []),
    ],
)
def test_whoever_releases_reads_what_is_not_done_by_itself(
    service: views.Data,
    deployment: views.Data,
    told: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One sentence, and who watches, asked where nobody is named; nothing when level 1 stands or it is not ours."""
    shown = views.view(views.service(deployment=views.deployment(**deployment), **service))
    with daemon(CliApi(shown), tmp_path) as socket:
        assert 0 == run(ORDER, socket, follows=False)

    lines = capsys.readouterr().out.splitlines()[1:]
    assert len(told) == len(lines)
    assert all(line.startswith(begin) for line, begin in zip(lines, told, strict=True))


def test_without_a_daemon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """3, and what would help."""
    assert 3 == run(ORDER, tmp_path / "nothing.sock")
    assert "systemctl status rollback-watchdog" in capsys.readouterr().err


def test_follow_attaches_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A driver that was killed is replaced by `follow`, which orders nothing."""
    api = CliApi()
    api.plays(promoted())
    with daemon(api, tmp_path) as socket:
        assert 0 == follow_again("osun-his", socket)

    assert [] == api.commands
    assert "promoted" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("service", "told"),
    [("osun-his", "osun-his has had no deployment yet."), ("osun", "There is no service 'osun' here.")],
)
def test_nothing_to_follow(service: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A service without deployment, or a name that nobody has."""
    with daemon(CliApi(views.view(views.service(deployment=None))), tmp_path) as socket:
        assert 1 == follow_again(service, socket)

    assert told in capsys.readouterr().err


def test_it_survives_a_restart_of_the_daemon(tmp_path: Path) -> None:
    """The connection is lost in the middle; the next daemon is found and its word followed to the end."""
    first, second = CliApi(), CliApi()
    first.plays(views.view())
    second.plays(promoted(), first=2)
    path = tmp_path / "control.sock"
    server = Running(first, path)
    with _driver(path, columns=120) as terminal:
        try:
            terminal.wait_for("soaking")
        finally:
            server.stop()
        terminal.wait_for("the daemon does not answer")
        with running(second, path):
            status = terminal.end()

    assert 0 == status
    assert [] == second.commands
    assert "is promoted" in terminal.text


def test_ctrl_c_at_a_terminal_changes_nothing(tmp_path: Path) -> None:
    """130, the sentence, the cursor is back, and the daemon heard nothing but the submission."""
    api = CliApi()
    api.plays(views.view())
    with daemon(api, tmp_path) as socket, _driver(socket, columns=60) as terminal:
        terminal.wait_for("soak")
        terminal.interrupt()
        status = terminal.end()

    assert 130 == status
    assert "Detached; the daemon goes on with osun-his." in terminal.text
    assert terminal.text.rfind("\x1b[?25h") > terminal.text.rfind("\x1b[?25l") >= 0
    assert ["submit"] == [kind for kind, _ in api.commands]


def test_the_live_line_fits_a_narrow_terminal(tmp_path: Path) -> None:
    """At 60 columns no drawn line is longer than the terminal, or redrawing would leave rests."""
    api = CliApi()
    api.plays(views.view())
    with daemon(api, tmp_path) as socket, _driver(socket, columns=60) as terminal:
        terminal.wait_for("soak")
        terminal.interrupt()
        terminal.end()

    drawn = next(line for line in terminal.text.split("\n") if "####" in line)
    assert len(drawn.rpartition("\x1b[J")[2]) <= 60


def test_it_imports_the_control_client_only() -> None:
    """A deploy host needs neither the core nor the configuration, nor what those need."""
    program = (
        "import sys; import watchdog.deploy.driver, watchdog.cli.deploy; "
        "print(*sorted(name for name in sys.modules if name.startswith('watchdog.')))"
        "; print(*sorted({'pydantic', 'yaml', 'starlette', 'uvicorn', 'structlog'} & set(sys.modules)))"
    )
    loaded, foreign = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.splitlines()

    packages = {".".join(name.split(".")[:2]) for name in loaded.split()}
    assert {"watchdog.cli", "watchdog.control", "watchdog.deploy", "watchdog.text"} == packages
    assert {"watchdog.control", "watchdog.control.client"} == {
        name for name in loaded.split() if name.startswith("watchdog.control")
    }
    assert "" == foreign
