"""`nginx write` and `nginx show`, on files in a temporary folder."""

from pathlib import Path

import pytest

from tests.cli.helpers import call
from watchdog.cli.main import main

GOOD = Path(__file__).parent.parent / "config" / "good.yml"

PLAIN = """\
events {}
http {
  upstream app { server 127.0.0.1:8081; }
  server {
    location / {
      proxy_pass http://app;
    }
  }
}
"""


@pytest.fixture
def env(tmp_path: Path) -> Path:
    """An environment whose nginx and state lie in the temporary folder."""
    main_conf = tmp_path / "nginx.conf"
    main_conf.write_text(PLAIN)
    router = f"{{nginx: {{directory: {tmp_path / 'rwd'}, main: {main_conf}}}}}"
    text = GOOD.read_text().replace("{nginx: {directory: /etc/nginx/rwd}}", router)
    path = tmp_path / "env.yml"
    path.write_text(f"{text}state: {tmp_path / 'state'}\n")
    return path


def test_write(env: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Our four files, each named, and what comes next; a second time nothing is written."""
    assert 0 == call(main, "nginx", "write", str(env), "--yes")

    out = capsys.readouterr().out
    folder = tmp_path / "rwd"
    assert {"rwd-common.http.conf", "rwd-common.server.conf", "app.http.conf", "app.server.conf"} == {
        path.name for path in folder.iterdir()
    }
    assert 4 == out.count(f"written  {folder}")
    assert f"rollback-watchdog nginx show {env}" in out
    assert PLAIN == (tmp_path / "nginx.conf").read_text()

    assert 0 == call(main, "nginx", "write", str(env), "--yes")
    assert "Every file is as it should be; nothing was written." in capsys.readouterr().out


def test_write_asks(env: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal and without --yes nothing is written."""
    assert 2 == call(main, "nginx", "write", str(env))
    assert "Nothing was changed" in capsys.readouterr().err
    assert not (tmp_path / "rwd").exists()


def test_a_file_of_somebody_else_is_not_overwritten(
    env: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """1, with the file and what to do about it."""
    (tmp_path / "rwd").mkdir()
    foreign = tmp_path / "rwd" / "app.http.conf"
    foreign.write_text("# mine\n")

    assert 1 == call(main, "nginx", "write", str(env), "--yes")
    assert "move it away if it may be written anew" in capsys.readouterr().err
    assert "# mine\n" == foreign.read_text()


def test_show_prints_the_changes(env: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The line to change with its file, and nothing is written, not even a probe token."""
    assert 0 == call(main, "nginx", "show", str(env))

    out = capsys.readouterr().out
    assert f"{tmp_path / 'nginx.conf'}: make these changes, then test and reload nginx." in out
    assert "proxy_pass http://$rwd_app_pool;" in out
    assert f"\n      rollback-watchdog nginx write {env}\n" in out
    assert not (tmp_path / "state").exists()


def test_show_refuses(env: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1 when this nginx cannot be served as it is, and the refusal comes first."""
    (tmp_path / "nginx.conf").write_text("events {}\nhttp {}\n")

    assert 1 == call(main, "nginx", "show", str(env))
    first, second = capsys.readouterr().out.splitlines()[:2]
    assert "this comes first" in first
    assert "no proxy_pass leads to app" in second


@pytest.mark.parametrize("action", ["show", "write"])
def test_a_wrong_file_is_told(action: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The environment's mistakes come before nginx's."""
    path = tmp_path / "env.yml"
    path.write_text("version: 2\n")

    assert 1 == call(main, "nginx", action, str(path))
    assert "nothing was loaded." in capsys.readouterr().err


def test_the_operators_own_cookie(env: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With `own_userid` our files set none, and `show` asks for the operator's."""
    env.write_text(env.read_text().replace("main: ", "own_userid: true, main: "))
    assert 0 == call(main, "nginx", "write", str(env), "--yes")
    assert "userid" not in (tmp_path / "rwd" / "rwd-common.server.conf").read_text()

    assert 1 == call(main, "nginx", "show", str(env))
    assert "no cookie is set, so all users would be on stable" in capsys.readouterr().out
