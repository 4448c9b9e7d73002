"""A real nginx in a run folder, configured as the documentation tells an operator to.

What lives here: the operator's side of the configuration, and one instance's start, test, reload and stop. What must
not: the generated files themselves; the router writes them.
"""

import os
import shutil
import signal
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from simulations.lab.processes import Child, LabError, accepts, free_port, wait_until

NGINX = "/usr/sbin/nginx"

SHIELD = "proxy_next_upstream error timeout http_500 http_502 http_503 http_504; proxy_next_upstream_tries 2;"
"""What `nginx show` asks for, so that stable is asked what the candidate failed."""

_SHUTDOWN_TIMEOUT = "60s"
_LOG_CHARS = 2000
_TEMP_PATHS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One place of the operator's server block that goes to a service."""

    service: str
    path: str = "/"
    directives: str = ""
    """Further directives of the operator, each with its semicolon."""
    proxy_pass: str = ""
    """Instead of the pool's variable: for a configuration without us, or a trap."""
    shield: str = SHIELD
    """Empty for an operator who has left it out."""

    def text(self) -> str:
        target = self.proxy_pass or f"http://$rwd_{self.service.replace('-', '_')}_pool"
        return (
            f"    location {self.path} {{ proxy_pass {target}; proxy_http_version 1.1;"
            f' proxy_set_header Connection ""; proxy_set_header Host $host;'
            f" {'' if self.proxy_pass else self.shield} {self.directives} }}\n"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """What the operator writes. The generated files are included as the documentation says: first in their block."""

    locations: Sequence[Location]
    generated: Path | None
    """The folder with the router's files; None writes an nginx.conf from before the program came."""
    workers: int = 2
    http: str = ""
    """Further directives of the http block, before the server block."""
    server: str = ""
    """Further directives of the server block, after our includes."""
    server_first: str = ""
    """Directives before our includes: only a trap does this."""
    main: str = ""
    extra_servers: str = ""
    """Whole further server blocks."""
    services: tuple[str, ...] = ()
    """Whose files are included; by default those that the locations name."""
    user: str = "www-data"
    """Whom the workers run as, when the master is root."""

    def text(self, run_dir: Path, port: int) -> str:
        names = self.services or tuple(dict.fromkeys(location.service for location in self.locations))
        temp = "".join(f"    {name}_temp_path {run_dir}/temp-{name};\n" for name in _TEMP_PATHS)
        user = f"user {self.user};\n" if os.geteuid() == 0 else ""
        return (
            f"{user}worker_processes {self.workers};\ndaemon off;\npid {run_dir}/nginx.pid;\n"
            f"error_log {run_dir}/error.log warn;\nworker_shutdown_timeout {_SHUTDOWN_TIMEOUT};\n{self.main}\n"
            "events { worker_connections 2048; }\nhttp {\n"
            f"{temp}    access_log {run_dir}/access.log;\n    keepalive_requests 100000;\n"
            f"{self._includes(names, 'http')}{self.http}\n"
            f"    server {{\n    listen 127.0.0.1:{port} backlog=1024;\n{self.server_first}\n"
            f"{self._includes(names, 'server')}    access_log {run_dir}/access.log;\n{self.server}\n"
            f"{''.join(location.text() for location in self.locations)}    }}\n{self.extra_servers}\n}}\n"
        )

    def _includes(self, names: Sequence[str], block: str) -> str:
        if self.generated is None:
            return ""
        files = ("rwd-common", *names)
        return "".join(f"    include {self.generated}/{name}.{block}.conf;\n" for name in files)


class Nginx:
    """One running nginx. `port` is where it listens; `test_argv` and `reload_argv` are what a router is given."""

    def __init__(self, child: Child, conf: Path, port: int) -> None:
        self.child = child
        self.conf = conf
        self.port = port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def run_dir(self) -> Path:
        return self.conf.parent

    @property
    def test_argv(self) -> tuple[str, ...]:
        return nginx_argv(self.conf, "-t", "-q")

    @property
    def reload_argv(self) -> tuple[str, ...]:
        return nginx_argv(self.conf, "-s", "reload")

    @property
    def error_log(self) -> str:
        path = self.run_dir / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def reload(self, timeout: float = 5.0) -> None:
        """Read the configuration again; returns when no old worker takes requests. LabError when it is refused."""
        old = self.workers
        self.child.signal(signal.SIGHUP)
        try:
            wait_until(lambda: self.changed(old), what="nginx's new workers", timeout=timeout, children=[self.child])
        except LabError as error:
            raise LabError(f"{error}\n{self.error_log[-_LOG_CHARS:]}") from error

    @property
    def workers(self) -> set[int]:
        """The ids of the workers that take requests: not those that are shutting down."""
        pid = self.child.pid
        workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return {int(worker) for worker in workers if "shutting down" not in _title(worker)}

    def changed(self, old: set[int]) -> bool:
        """Whether other workers than `old` take the requests now."""
        now = self.workers
        return bool(now) and not now & old

    def stop(self) -> None:
        self.child.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _title(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return "shutting down"  # it has ended since it was listed


def nginx_argv(conf: Path, *arguments: str) -> tuple[str, ...]:
    """The command for the instance of `conf`, also before it runs."""
    return (NGINX, "-p", str(conf.parent), "-c", str(conf), *arguments)


def check_searchable(folder: Path) -> None:
    """LabError when nginx's workers cannot search `folder`: nginx would ignore a brake in it without a word."""
    for part in (folder, *folder.parents):
        if not part.stat().st_mode & stat.S_IXOTH:
            raise LabError(f"{part} is closed to nginx's workers: use simulations.lab.processes.run_folder()")


def start_nginx(conf: str | Path, run_dir: Path, *, port: int) -> Nginx:
    """Start nginx with a configuration text, or a file, in the foreground; `port` is where it must answer.

    A text is written to `run_dir/nginx.conf`. It must say `daemon off;` and put its pid, logs and temporary files in
    `run_dir`, as `Operator.text` does. LabError with nginx's own words when it does not come up.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    path = conf if isinstance(conf, Path) else run_dir / "nginx.conf"
    if isinstance(conf, str):
        path.write_text(conf)
    child = Child.start(nginx_argv(path), name="nginx", run_dir=run_dir, death_signal="TERM")
    try:
        wait_until(lambda: (run_dir / "nginx.pid").exists() and accepts(port), what="nginx", children=[child])
    except BaseException:
        child.stop()
        raise
    return Nginx(child, path, port)


def start_operator(operator: Operator, run_dir: Path, *, port: int | None = None) -> Nginx:
    """Start nginx as an operator has it. The generated files must be there already, the run folder open to its
    workers.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    check_searchable(run_dir)
    listen = free_port() if port is None else port
    return start_nginx(operator.text(run_dir, listen), run_dir, port=listen)


def available() -> bool:
    return shutil.which(NGINX) is not None
