"""Writing nginx's files for the first time, and again."""

from pathlib import Path

import pytest

from tests.traffic.nginx.operators import SPLIT, service
from watchdog.core.model import Colour
from watchdog.traffic.nginx import render
from watchdog.traffic.nginx.render import RenderError
from watchdog.traffic.nginx.setup import write_common, write_service

SOCKET = Path("/run/edge.sock")


def names(paths: list[Path]) -> list[str]:
    return sorted(path.name for path in paths)


def test_four_files_and_nothing_else(tmp_path: Path) -> None:
    """Only our folder is written, and what is there already is not written again."""
    ours = tmp_path / "rwd"
    assert ["rwd-common.http.conf", "rwd-common.server.conf"] == names(write_common(ours, [service()], SOCKET))
    assert ["app.http.conf", "app.server.conf"] == names(write_service(ours, service(), tmp_path / "s", SPLIT))
    assert [] == write_common(ours, [service()], SOCKET) + write_service(ours, service(), tmp_path / "s", SPLIT)
    assert (["rwd"], 4) == (names(list(tmp_path.iterdir())), len(list(ours.iterdir())))


def test_a_split_in_force_stays(tmp_path: Path) -> None:
    """New servers of the environment file come in; the split that nginx has is not reset."""
    step = SPLIT.__class__(stable=Colour.GREEN, candidate=Colour.BLUE, weight=0.5, salt="d9")
    write_service(tmp_path, service(), tmp_path / "s", step)
    moved = service(servers={Colour.BLUE: ("127.0.0.1:9081",), Colour.GREEN: ("127.0.0.1:8082",)})

    assert ["app.http.conf"] == names(write_service(tmp_path, moved, tmp_path / "s", SPLIT))

    text = (tmp_path / "app.http.conf").read_text()
    assert (step, True) == (render.read_header(text).split, "server 127.0.0.1:9081 max_fails=0;" in text)


def test_a_file_that_is_not_ours_is_not_overwritten(tmp_path: Path) -> None:
    """Neither a foreign nor an edited one; nothing else is written then."""
    (tmp_path / "app.http.conf").write_text("upstream app {}\n")

    with pytest.raises(RenderError, match="move it away"):
        write_service(tmp_path, service(), tmp_path / "s", SPLIT)

    assert (["app.http.conf"], "upstream app {}\n") == (
        names(list(tmp_path.iterdir())),
        (tmp_path / "app.http.conf").read_text(),
    )
