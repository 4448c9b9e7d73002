"""The whole laboratory in one object: two colours per service, nginx, users, and the daemon that watches.

What lives here: what is started in which order, and where everything is. What must not: a story; tests, the demo and
the benchmarks tell theirs with it.
"""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from simulations.lab import environment
from simulations.lab.apps import AppProcess
from simulations.lab.environment import Paths, SceneService
from simulations.lab.haproxy import Haproxy
from simulations.lab.load import Load, LoadProcess
from simulations.lab.nginx import Location, Nginx, Operator, nginx_argv, start_operator
from simulations.lab.processes import PROJECT, Child, LabError, free_port, wait_until
from simulations.lab.results import Record
from watchdog.control.client import Client
from watchdog.core.model import Colour, Split
from watchdog.daemon.adapters import probe_token
from watchdog.traffic.nginx.render import ServiceNginx
from watchdog.traffic.nginx.setup import write_common, write_service

COLOURS = ("blue", "green")
CLI = (sys.executable, "-m", "watchdog.cli.main")
READY_S = 15.0


class Scene:
    """A laboratory below one folder (of `run_folder`). `start` brings applications and nginx up, with all traffic on
    blue; the daemon and the load come when they are asked for. Leave the `with` block, or `stop`, to end everything.
    """

    def __init__(
        self,
        run_dir: Path,
        *,
        services: Sequence[SceneService] = (SceneService(),),
        changes: Mapping[str, Any] | None = None,
        operator: Mapping[str, Any] | None = None,
        seed: int | None = None,
    ) -> None:
        """`changes` are merged over the environment file, `operator` has further fields of `Operator`."""
        self.paths = Paths(run_dir=run_dir)
        self.services = tuple(services)
        self.apps: dict[tuple[str, str], AppProcess] = {}
        self.port = free_port()
        self._changes = changes or {}
        self._operator = operator or {}
        self._seed = seed
        self._stack = ExitStack()
        self._nginx: Nginx | None = None
        self._haproxy: Haproxy | None = None
        self._daemon: Child | None = None

    @property
    def service(self) -> str:
        """The name of the first service."""
        return self.services[0].name

    @property
    def nginx(self) -> Nginx:
        if self._nginx is None:
            raise LabError("the scene has not been started")
        return self._nginx

    @property
    def haproxy(self) -> Haproxy:
        """The one that the services with `haproxy` share."""
        if self._haproxy is None:
            raise LabError("the scene has no service behind a HAProxy")
        return self._haproxy

    @property
    def daemon(self) -> Child:
        if self._daemon is None:
            raise LabError("the scene has no daemon: start_daemon() first")
        return self._daemon

    def app(self, colour: str, service: str | None = None) -> AppProcess:
        return self.apps[service or self.service, colour]

    def server(self, colour: str, service: str | None = None) -> str:
        """Where nginx sends a colour's users: its application, or the HAProxy before that."""
        key = (service or self.service, colour)
        before = self._haproxy.servers if self._haproxy else {}
        return before.get(key) or self.apps[key].server

    def start(self) -> Self:
        """Applications, generated files, environment file, nginx. What was started is stopped when a part fails."""
        try:
            for service in self.services:
                for colour in COLOURS:
                    app = AppProcess.begin(colour, self.paths.run_dir / service.name, seed=self._seed)
                    self.apps[service.name, colour] = self._stack.enter_context(app)
            self._stack.callback(self._end_apps)
            for app in self.apps.values():
                app.answers()
            self._start_haproxy()
            self.write_generated()
            self.write_environment()
            locations = [Location(service=service.name, path=service.path) for service in self.services]
            operator = Operator(locations=locations, generated=self.paths.generated, **self._operator)
            self._nginx = self._stack.enter_context(start_operator(operator, self.paths.run_dir, port=self.port))
        except BaseException:
            self.stop()
            raise
        return self

    def _end_apps(self) -> None:
        """All at once; each is waited for afterwards."""
        for app in self.apps.values():
            app.child.signal(signal.SIGTERM)

    def _start_haproxy(self) -> None:
        behind = {service.name for service in self.services if service.haproxy}
        servers = {key: app.server for key, app in self.apps.items() if key[0] in behind}
        if servers:
            self._haproxy = self._stack.enter_context(Haproxy.start(self.paths.run_dir, servers))

    def write_generated(self) -> None:
        """The router's files as they are before the first deployment: blue has everybody."""
        self.paths.state.mkdir(mode=0o755, exist_ok=True)
        self.paths.generated.mkdir(mode=0o755, exist_ok=True)
        setups = [
            ServiceNginx(
                service=service.name,
                servers={Colour(colour): (self.server(colour, service.name),) for colour in COLOURS},
                token=probe_token(self.paths.state, service.name),
                routes=service.routes,
            )
            for service in self.services
        ]
        write_common(self.paths.generated, setups, self.paths.edge)
        for setup in setups:
            split = Split(stable=Colour.BLUE, candidate=Colour.GREEN, weight=0.0, salt="")
            write_service(self.paths.generated, setup, self.paths.state, split)

    def write_environment(self, changes: Mapping[str, Any] | None = None) -> Path:
        """Write the environment file, with further `changes` over those of the scene; its path."""
        conf = self.paths.nginx_conf
        tree = environment.tree(
            self.services,
            {(service, colour): self.server(colour, service) for service, colour in self.apps},
            self.paths,
            nginx_port=self.port,
            commands={
                "test": nginx_argv(conf, "-t"),
                "reload": nginx_argv(conf, "-s", "reload"),
                "dump": nginx_argv(conf, "-T"),
            },
            changes=environment.merged(self._changes, changes or {}),
        )
        self.paths.environment.write_text(environment.text(tree))
        return self.paths.environment

    def start_load(self, *, name: str = "load", **load: Any) -> LoadProcess:
        """Users through nginx: fields of `Load` but the port, `rate` at least."""
        process = LoadProcess.start(Load(port=self.port, **load), self.paths.run_dir, name=name)
        return self._stack.enter_context(process)

    def start_daemon(self) -> Child:
        """The watchdog on the environment file; returns when its control socket answers. Again after it has ended."""
        if self._daemon is not None and self._daemon.running:
            raise LabError("the daemon is running already")
        argv = [*CLI, "run", "--config", str(self.paths.environment)]
        daemon = self._stack.enter_context(Child.start(argv, name="daemon", run_dir=self.paths.run_dir))
        wait_until(self._daemon_answers, what="the daemon's control socket", timeout=READY_S, children=[daemon])
        self._daemon = daemon
        return daemon

    def _daemon_answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(1)
            try:
                client.connect(str(self.paths.control))
            except OSError:
                return False
        return True

    def client(self, timeout: float = 30.0) -> Client:
        """The control API of this scene's daemon; closed with the scene. `timeout` in seconds, for each request."""
        return self._stack.enter_context(Client(self.paths.control, timeout=timeout))

    def cli(self, *words: str, timeout: float = 30.0) -> subprocess.CompletedProcess[str]:
        """One operator command, such as `cli("status")`, against this scene's daemon."""
        return subprocess.run(
            [*CLI, *words, "--socket", str(self.paths.control)],
            cwd=PROJECT,
            check=False,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def fault(self, colour: str, *, service: str | None = None, **order: Any) -> float:
        """Order a fault of `AppProcess.fault`; the wall-clock time since which it is in force."""
        return self.app(colour, service).fault(**order)

    def wait_for_split(
        self, load: LoadProcess, colours: set[str], *, timeout: float, over: float = 1.0
    ) -> list[Record]:
        """Wait until `over` seconds have passed in which exactly `colours` answered, all of them after the call;
        the requests that started in them. LabError after `timeout` seconds.
        """
        recent: list[Record] = []
        called = time.time()

        def shown() -> bool:
            nonlocal recent
            begin = time.time() - over
            recent = [record for record in load.records() if record.started >= begin]
            return begin >= called and {record.colour for record in recent} == colours

        wait_until(shown, what=f"answers by {', '.join(sorted(colours))} only", timeout=timeout, every=0.05)
        return recent

    def stop(self) -> None:
        """End everything, the last that was started first. Twice is the same as once."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
