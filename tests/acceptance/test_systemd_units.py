"""systemd takes the units as they are, and they keep their promises about folders, sockets and rights."""

import configparser
import re
import shlex
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from watchdog.config.compile import compile_
from watchdog.config.load import load

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "systemd"
SERVICE, SOCKET = UNITS / "rollback-watchdog.service", UNITS / "rollback-watchdog-edge.socket"

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"),
]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], check=False, capture_output=True, text=True, timeout=30)


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """The units with a program that exists on this machine, and every commented example in force."""
    service = tmp_path / SERVICE.name
    text = re.sub(r"^#(?=LoadCredential)", "", SERVICE.read_text(), flags=re.MULTILINE)
    service.write_text(re.sub(r"/opt/rollback-watchdog/bin/\S+", "/bin/true", text))
    return [service, Path(shutil.copy(SOCKET, tmp_path))]


def setting(unit: Path, section: str, name: str) -> str:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names of settings are case-sensitive
    parser.read(unit)
    return parser[section][name]


def test_the_units_are_sound(units: list[Path]) -> None:
    """systemd knows every setting and value, also of the commented examples."""
    result = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units)

    assert (0, "", "") == (result.returncode, result.stdout, result.stderr)


def test_a_fault_in_a_unit_is_found(units: list[Path]) -> None:
    """The check above does not pass everything."""
    units[0].write_text(units[0].read_text().replace("WatchdogSec=10", "WatchdogSec=soon"))
    result = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units)

    assert "Failed to parse" in result.stderr


def test_the_service_is_confined(units: list[Path]) -> None:
    """Its exposure, by systemd's own measure, is at most 4.5 of 10, though it is root: only root may reload nginx."""
    result = run("systemd-analyze", "security", "--offline=true", "--threshold=45", "--no-pager", units[0])

    assert 0 == result.returncode, result.stdout


def test_who_may_write_to_the_access_log_socket() -> None:
    """Root and nginx's group, in a folder that no other unit removes or owns."""
    assert "/run/rollback-watchdog-edge/edge.sock" == setting(SOCKET, "Socket", "ListenDatagram")
    assert "0660" == setting(SOCKET, "Socket", "SocketMode")
    assert "rollback-watchdog" == setting(SERVICE, "Service", "RuntimeDirectory")
    assert "www-data" == setting(SOCKET, "Socket", "SocketGroup")


def test_the_units_name_each_other() -> None:
    """The socket starts the service and is handed to it under the name that the daemon looks for."""
    assert SERVICE.name == setting(SOCKET, "Socket", "Service")
    assert SOCKET.name == setting(SERVICE, "Service", "Sockets")
    assert "edge" == setting(SOCKET, "Socket", "FileDescriptorName")


def test_the_units_fit_the_example() -> None:
    """What rules/production.yml refers to is what the units, the user and the commented examples have."""
    example = load(str(ROOT / "rules/production.yml"))
    compiled = compile_(example)
    offered = re.findall(
        r"^#LoadCredential=([\w-]+):/etc/rollback-watchdog/credentials/\1$", SERVICE.read_text(), re.MULTILINE
    )

    assert setting(SOCKET, "Socket", "ListenDatagram") == compiled.edge_socket
    assert setting(SERVICE, "Service", "Group") == compiled.operators
    assert sorted(offered) == sorted(str(contact.url.credential) for contact in compiled.contacts)


def test_a_reload_that_is_refused_fails() -> None:
    """`systemctl reload` waits for the daemon's answer; a signal would be a success whatever the file says."""
    run, reload = (shlex.split(setting(SERVICE, "Service", name)) for name in ("ExecStart", "ExecReload"))

    assert [run[0], "reload", "--yes", *run[2:]] == reload


def test_the_user_and_its_folders(tmp_path: Path) -> None:
    """On an empty system the user is made, and nginx's workers can enter the folder of the brakes."""
    for tool in ("systemd-sysusers", "systemd-tmpfiles"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    (tmp_path / "etc").mkdir()
    users = run("systemd-sysusers", f"--root={tmp_path}", UNITS / "sysusers.conf")
    folders = run("systemd-tmpfiles", f"--root={tmp_path}", "--create", UNITS / "tmpfiles.conf")

    assert (0, 0) == (users.returncode, folders.returncode), users.stderr + folders.stderr
    (line,) = (line for line in (tmp_path / "etc/passwd").read_text().splitlines() if "watchdog" in line)
    assert re.fullmatch(r"rollback-watchdog:x:\d+:\d+:rollback-watchdog:/var/lib/rollback-watchdog:\S*nologin", line)
    state = tmp_path / "var/lib/rollback-watchdog"
    for folder in (state, state / "brake", tmp_path / "etc/nginx/rollback-watchdog"):
        found = folder.stat()
        assert (0o755, 0) == (stat.S_IMODE(found.st_mode), found.st_uid)
    assert 0o700 == stat.S_IMODE((tmp_path / "etc/rollback-watchdog/credentials").stat().st_mode)
