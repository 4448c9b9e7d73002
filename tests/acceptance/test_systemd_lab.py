"""The daemon under its real units, in a machine of its own with a real systemd: started, killed, frozen, confined.

The machine is systemd-nspawn on an overlay of this one's root: nothing is written here, and it has no network. Its
mounts live in a namespace that ends with it.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
OPT: Final = "opt/rollback-watchdog"
ENVIRONMENT: Final = "/etc/rollback-watchdog/environment.yml"
SERVICE: Final = "rollback-watchdog.service"
SOCKET: Final = "rollback-watchdog-edge.socket"
HOSPITAL: Final = "/etc/rollback-watchdog/osun-his.yml"
CREDENTIALS: Final = (
    "on-call-url",
    "devops-lead-url",
    "it-director-url",
    "team-chat-url",
    "probe-token",
    "actuator-token",
    "db-password",
)
TOOLS: Final = ("systemd-nspawn", "unshare", "nsenter", "setpriv", "systemd-sysusers", "systemd-tmpfiles")

BOOT: Final = """
for each in {groups}; do mkdir -p "$each" && echo $$ > "$each/cgroup.procs"; done
mkdir {run} && mount -t tmpfs tmpfs {run} && mkdir {run}/upper {run}/work {run}/tree &&
mount -t overlay overlay -o lowerdir=/,upperdir={run}/upper,workdir={run}/work {run}/tree &&
cp -a {seed}/. {run}/tree/ && test -x {run}/tree{python} &&
exec systemd-nspawn --directory={run}/tree --machine={name} --boot --register=no --keep-unit --private-network \\
    --link-journal=no --console=pipe systemd.unit=basic.target
"""

NGINX: Final = """
user www-data;
events {}
http {
    include /etc/nginx/rollback-watchdog/rwd-common.http.conf;
    include /etc/nginx/rollback-watchdog/osun-his.http.conf;
    server {
        listen 80;
        include /etc/nginx/rollback-watchdog/rwd-common.server.conf;
        include /etc/nginx/rollback-watchdog/osun-his.server.conf;
        location / { proxy_pass http://$rwd_osun_his_pool; }
    }
}
"""

AHEAD: Final = """
import asyncio, pathlib
from watchdog.traffic.nginx.ahead import Ahead
live = pathlib.Path("/etc/nginx/rollback-watchdog/osun-his.http.conf")
print(asyncio.run(Ahead(live, ["nginx", "-T"], 10).test("ahead", live.read_text())).detail)
"""

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.long,
    pytest.mark.timeout(90),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may start a machine"),
    pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason="systemd-container is not installed"),
    pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed"),
]


def wait_until(what: str, condition: Callable[[], bool], within: float) -> None:
    """Bounded waiting; the failure says for what."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {within} s"
        time.sleep(0.05)


class Machine:
    """A running systemd of its own."""

    def __init__(self, nspawn: int) -> None:
        self._nspawn = nspawn

    @property
    def leader(self) -> str | None:
        """The number of its first process; None while there is none."""
        children = Path(f"/proc/{self._nspawn}/task/{self._nspawn}/children").read_text().split()
        return children[0] if children else None

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in it."""
        inside = ["nsenter", "--target", str(self.leader), "--all", "--", *command]
        clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        return subprocess.run(inside, check=False, capture_output=True, text=True, timeout=40, env=clean)

    def output(self, *command: str) -> str:
        """What a command writes; it has to succeed."""
        ran = self.run(*command)
        assert 0 == ran.returncode, (command, ran.stdout, ran.stderr)
        return ran.stdout.strip()

    def show(self, unit: str, name: str) -> str:
        """One property of a unit."""
        return self.output("systemctl", "show", "--property", name, "--value", unit)

    def main_pid(self) -> str:
        """The daemon's process."""
        return self.show(SERVICE, "MainPID")

    def answers(self) -> bool:
        """Whether the daemon answers on its control socket."""
        return 0 == self.run(f"/{OPT}/bin/rollback-watchdog", "status").returncode

    def edge_inode(self) -> str:
        """The identity of the socket that nginx writes to."""
        return self.output("stat", "--format", "%i", "/run/rollback-watchdog-edge/edge.sock")

    def booted(self) -> bool:
        """Whether it can be used."""
        return self.leader is not None and 0 == self.run("systemctl", "is-active", "basic.target").returncode

    def restarted(self, before: str) -> bool:
        """Whether another process than `before` is the daemon, and ready."""
        return self.main_pid() not in {before, "0"} and "active" == self.show(SERVICE, "ActiveState")


def seed(folder: Path) -> None:
    """What the README puts onto a host, as files to lay over the machine's root."""

    def put(path: str, text: str) -> None:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    for unit in (SERVICE, SOCKET):
        put(f"etc/systemd/system/{unit}", (ROOT / "systemd" / unit).read_text())
    put("etc/sysusers.d/rollback-watchdog.conf", (ROOT / "systemd/sysusers.conf").read_text())
    put("etc/tmpfiles.d/rollback-watchdog.conf", (ROOT / "systemd/tmpfiles.conf").read_text())
    (folder / OPT).mkdir(parents=True)
    (folder / OPT / "bin").symlink_to(Path(sys.executable).parent)
    for name in ("base.yml", "osun-his.yml"):
        put(f"etc/rollback-watchdog/{name}", (ROOT / "rules" / name).read_text())
    put(ENVIRONMENT[1:], (ROOT / "rules/production.yml").read_text())
    credentials = [f"{name}:/etc/rollback-watchdog/credentials/{name}" for name in CREDENTIALS]
    # The checkout may lie below /home, where the unit does not look.
    lines = ["[Service]", "ProtectHome=no", *(f"LoadCredential={each}" for each in credentials)]
    put(f"etc/systemd/system/{SERVICE}.d/test.conf", "\n".join(lines) + "\n")
    for each in credentials:
        put(each.partition(":/")[2], "json://127.0.0.1:9/")
    put("etc/nginx/nginx.conf", NGINX)


def control_groups(name: str) -> list[Path]:
    """One for nspawn in each hierarchy of systemd's, so that it leaves nothing in those of others."""
    places = [Path("/sys/fs/cgroup") / each for each in ("unified", "systemd", "")]
    return [place / name for place in places if (place / "cgroup.procs").exists()]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Installed as the README says and booted; skips where that cannot be."""
    folder = tmp_path_factory.mktemp("machine")
    name = f"rwd-{os.getpid()}"
    groups = control_groups(name)
    seed(folder / "seed")
    script = BOOT.format(
        groups=" ".join(str(group) for group in groups),
        run=folder / "run",
        seed=folder / "seed",
        python=sys.executable,
        name=name,
    )
    command = ["setpriv", "--pdeathsig", "TERM", "unshare", "--mount", "sh", "-c", script]
    with (folder / "console").open("w") as console:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console, stderr=console)
    try:
        here = Machine(process.pid)
        end = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < end and not here.booted():
            time.sleep(0.1)
        if process.poll() is not None or not here.booted():
            pytest.skip(f"no machine can be started here: {(folder / 'console').read_text()[-300:]}")
        prepare(here)
        yield here
    finally:
        end_machine(process, groups)


def prepare(machine: Machine) -> None:
    """The README's steps that are commands."""
    machine.output("systemd-sysusers")
    machine.run("systemd-tmpfiles", "--create", "rollback-watchdog.conf")
    machine.output("systemctl", "start", SOCKET)
    machine.output(f"/{OPT}/bin/rollback-watchdog", "nginx", "write", "--yes", ENVIRONMENT)


def end_machine(process: "subprocess.Popen[bytes]", groups: list[Path]) -> None:
    """Power it off; its mounts go with its namespace."""
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()  # its first process dies with it, and with that all others
        process.wait(timeout=5)
    for group in groups:
        for folder in sorted((each for each in group.rglob("*") if each.is_dir()), reverse=True):
            folder.rmdir()
        if group.exists():
            group.rmdir()


@pytest.fixture
def daemon(machine: Machine) -> Machine:
    """The daemon, started by its unit and answering."""
    machine.output("systemctl", "start", SERVICE)
    wait_until("an answer", machine.answers, 10)
    return machine


def test_it_tells_systemd_that_it_is_ready(daemon: Machine) -> None:
    """The start waits for READY, and the status line says what the services do."""
    assert "active" == daemon.show(SERVICE, "ActiveState")
    assert "osun-his: idle" == daemon.show(SERVICE, "StatusText")
    assert daemon.show(SERVICE, "MainPID") == daemon.output("pgrep", "--full", "rollback-watchdog run")


def test_a_killed_daemon_is_started_anew(daemon: Machine) -> None:
    """It answers again, by the same socket for nginx."""
    killed, socket = daemon.main_pid(), daemon.edge_inode()
    daemon.output("kill", "-KILL", killed)
    wait_until("another daemon", lambda: daemon.restarted(killed), 10)

    assert daemon.answers()
    assert socket == daemon.edge_inode()


def test_a_daemon_that_hangs_is_replaced(daemon: Machine) -> None:
    """systemd's watchdog ends it within its period, and what nginx sends meanwhile is not refused."""
    frozen, socket = daemon.main_pid(), daemon.edge_inode()
    daemon.output("kill", "-STOP", frozen)
    wait_until("another daemon", lambda: daemon.restarted(frozen), 20)

    assert "Watchdog timeout" in daemon.output("journalctl", "--unit", SERVICE, "--output", "cat")
    assert socket == daemon.edge_inode()


def test_a_request_starts_a_daemon_that_was_stopped(daemon: Machine) -> None:
    """The socket outlives the daemon's stop and starts it with the next line of nginx's log."""
    before, socket = daemon.main_pid(), daemon.edge_inode()
    daemon.output("systemctl", "stop", SERVICE)
    assert "inactive" == daemon.show(SERVICE, "ActiveState")
    daemon.output("logger", "--socket", "/run/rollback-watchdog-edge/edge.sock", "a line")
    wait_until("a daemon", lambda: daemon.restarted(before), 10)

    assert socket == daemon.edge_inode()


def test_a_file_with_a_mistake_is_refused_at_reload(daemon: Machine) -> None:
    """The reload fails and says where; the daemon goes on with what it has."""
    before = daemon.main_pid()
    assert 0 == daemon.run("systemctl", "reload", SERVICE).returncode
    daemon.output("sed", "-i.bak", "s/limit: 2%/limit: 2/", HOSPITAL)
    try:
        reload = daemon.run("systemctl", "reload", SERVICE)
    finally:
        daemon.output("mv", f"{HOSPITAL}.bak", HOSPITAL)

    assert 0 != reload.returncode
    told = daemon.output("journalctl", "--unit", SERVICE, "--output", "cat")
    assert 'rules.lab-results.sequential_ratio.limit: found "2"' in told
    assert (before, True) == (daemon.main_pid(), daemon.answers())


def test_the_confinement_lets_nginx_be_tested_and_reloaded(daemon: Machine) -> None:
    """Ahead of time too, in a mount namespace of its own; and nothing outside its folders can be written."""
    daemon.output("systemctl", "start", "nginx")
    text = daemon.output("cat", f"/etc/systemd/system/{SERVICE}")
    kept = [
        line for line in text.splitlines() if not line.startswith(("Sockets=", "Restart", "Type=", "Runtime", "Exec"))
    ]
    steps = {
        "ahead": f"{sys.executable} -c '{AHEAD}'",
        "reload": "nginx -t && nginx -s reload && echo reloaded",
        "foreign": "touch /etc/nginx/foreign /usr/foreign /boot/foreign; echo tried",
    }
    said = {}
    for name, step in steps.items():
        unit = "\n".join(kept).replace("[Service]", f"[Service]\nType=oneshot\nExecStart=/bin/sh /root-of-test/{name}")
        daemon.run("mkdir", "-p", "/root-of-test")
        for path, content in ((f"/root-of-test/{name}", step), (f"/run/systemd/system/try-{name}.service", unit)):
            daemon.output("sh", "-c", 'printf "%s\n" "$1" > "$2"', "sh", content, path)
        daemon.output("systemctl", "daemon-reload")
        daemon.run("systemctl", "start", f"try-{name}.service")
        said[name] = daemon.output("journalctl", "--unit", f"try-{name}.service", "--output", "cat")

    assert "tested in the whole configuration" in said["ahead"]
    assert "reloaded" in said["reload"]
    assert 3 == said["foreign"].count("Read-only file system")
