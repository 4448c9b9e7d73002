"""Writing nginx's files for the first time, or anew after the environment file changed.

What lives here: which files there are, and that only our folder is written. What must not: reloading, the operator's
own files.
"""

from collections.abc import Sequence
from pathlib import Path

from watchdog.core.model import Split
from watchdog.traffic import files
from watchdog.traffic.nginx import render
from watchdog.traffic.nginx.render import RenderError, ServiceNginx


def write_common(
    directory: Path, services: Sequence[ServiceNginx], socket: Path | None, *, userid: bool = True
) -> list[Path]:
    """Write what all services of one nginx share; the files that changed.

    `socket` takes the lines of the access log; None: the operator says where they go. RenderError and OSError: nothing
    is written that was not whole.
    """
    texts = {
        directory / "rwd-common.http.conf": render.common_http(services),
        directory / "rwd-common.server.conf": render.common_server(
            None if socket is None else str(socket), userid=userid
        ),
    }
    return _write(texts)


def write_service(directory: Path, setup: ServiceNginx, state: Path, split: Split) -> list[Path]:
    """Write one service's files; the files that changed. A split that is in force stays, `split` is for the first time.

    RenderError when the present file is not as this program wrote it: it is not overwritten.
    """
    live = directory / f"{setup.service}.http.conf"
    present = files.read(live)
    if present is not None:
        try:
            split = render.read_header(present).split
        except ValueError as error:
            raise RenderError(f"{live}: {error}; move it away if it may be written anew") from error
    texts = {
        live: render.service_http(setup, split),
        directory / f"{setup.service}.server.conf": render.service_server(setup, str(state / "brake")),
    }
    return _write(texts)


def _write(texts: dict[Path, str]) -> list[Path]:
    changed = [path for path, text in texts.items() if files.read(path) != text]
    for path in changed:
        path.parent.mkdir(mode=files.FOLDER, parents=True, exist_ok=True)
        files.stage(path, texts[path])
    return changed
