"""Access-log lines at 5,000/s from another process into the real receiver: lines lost, and the share of a core.

What lives here: the measurement at the documented kernel setting (net.unix.max_dgram_qlen=512), in a network namespace
of its own, since the setting is per namespace and read when a socket is made. Needs root. What must not: parsing of
its own; the receiver is the daemon's.

The last line on stdout is JSON. Exit status 0: nothing lost, at most a quarter of a core; 1: not so; 3: no namespace.
"""

import argparse
import asyncio
import json
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from simulations.lab.processes import Child, LabError, run_folder
from watchdog.core.model import Colour, Reading
from watchdog.sources.access_log import AccessLog, EdgeService
from watchdog.sources.edge_line import LineParser, Upstream
from watchdog.sources.edge_socket import QUEUE_LINES_WANTED, QUEUE_SETTING, bind_socket, remove_socket

CORE_PERCENT_LIMIT = 25.0
_BLUE, _GREEN = "127.0.0.1:18081", "127.0.0.1:18082"
_ROUTES = ("login", "lab-results", "patients", "billing", "pharmacy", "wards", "reports", "other")
_CONNECTIONS = 400
_PACE_S = 0.001
_LATE_S = 20.0  # how long after its time the sender may end
_MODULE = "simulations.bench.ingest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was measured: `rps` as asked for, `achieved_rps` as the sender managed."""

    rps: int
    achieved_rps: int
    lost: int
    core_percent: float
    sent: int
    received: int
    counted: int
    unreadable: int
    late: int
    seconds: float
    slices: int
    rss_mb: float
    max_dgram_qlen: int


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="ingest", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rps", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--quick", action="store_true", help="3 seconds instead of 8")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--send-to", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    seconds = 3.0 if args.quick else args.seconds
    if args.send_to is not None:
        return send(args.send_to, args.rps, seconds)
    if args.inside:
        return measure(args.rps, seconds)
    return in_own_namespace(["--rps", str(args.rps), "--seconds", str(seconds)])


def in_own_namespace(options: list[str]) -> int:
    """Run this benchmark where the kernel setting can be made. LabError without the right to."""
    probe = subprocess.run(["unshare", "-n", "true"], check=False, capture_output=True, text=True)
    if probe.returncode:
        raise LabError(
            f"cannot make a network namespace ({probe.stderr.strip()}): run as root. At the kernel's default "
            "net.unix.max_dgram_qlen=10 lines are lost whatever the receiver does"
        )
    argv = ["unshare", "-n", sys.executable, "-m", _MODULE, "--inside", *options]
    return subprocess.run(argv, check=False).returncode


def measure(rps: int, seconds: float) -> int:
    """Receive what another process sends, and report."""
    QUEUE_SETTING.write_text(str(QUEUE_LINES_WANTED))
    with run_folder() as folder:
        report = asyncio.run(receive(folder, rps, seconds))
    good = report.lost == 0 and report.core_percent <= CORE_PERCENT_LIMIT and report.achieved_rps >= 0.98 * rps
    print(f"{report.lost} of {report.sent} lines lost, {report.core_percent:g} % of a core")
    print(json.dumps(asdict(report)))
    return 0 if good else 1


async def receive(folder: Path, rps: int, seconds: float) -> Report:
    """The daemon's own receiver, between the first line and the last."""
    path = folder / "edge.sock"
    sock = bind_socket(path)
    slices: list[float] = []

    def emit(source: str, start: float, end: float, readings: tuple[Reading, ...]) -> None:
        slices.append(sum(r.value for r in readings if r.signal == "requests" and isinstance(r.value, float)))

    upstreams = {
        _BLUE: Upstream(service="app", colour=Colour.BLUE),
        _GREEN: Upstream(service="app", colour=Colour.GREEN),
    }
    service = EdgeService(service="app", source="edge", slow=2.0, emit=emit, routes=_ROUTES)
    log = AccessLog(sock=sock, parser=LineParser(upstreams), services=[service], now=time.monotonic, wall=time.time)
    log.start()
    options = ["--send-to", str(path), "--rps", str(rps), "--seconds", str(seconds)]
    root = Path(__file__).parents[2]
    argv = [sys.executable, "-m", _MODULE, *options]
    with Child.start(argv, name="sender", run_dir=folder, env={"PYTHONPATH": str(root)}) as sender:
        await until(lambda: log.stats.received > 0, sender, 10.0)
        cpu, began = time.process_time(), time.monotonic()
        await until(lambda: not sender.running, sender, seconds + _LATE_S)
        cpu, took = time.process_time() - cpu, time.monotonic() - began
        await asyncio.sleep(0.6)  # the last lines, and the slice that they are in
        said = json.loads(sender.log_tail().splitlines()[-1])
    log.close()
    remove_socket(path, sock)
    stats = log.stats
    return Report(
        rps=rps,
        achieved_rps=round(said["sent"] / said["took"]),
        lost=said["sent"] - stats.received,
        core_percent=round(100 * cpu / took, 1),
        sent=said["sent"],
        received=stats.received,
        counted=int(sum(slices)),
        unreadable=stats.unreadable,
        late=stats.late,
        seconds=round(took, 2),
        slices=len(slices),
        rss_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, 1),
        max_dgram_qlen=int(QUEUE_SETTING.read_text()),
    )


async def until(condition: Callable[[], bool], sender: Child, within: float) -> None:
    """Look now and then, so that looking costs nothing. LabError with the sender's words when it takes too long."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"the sender is not done after {within:g} s\n{sender.log_tail()}")
        await asyncio.sleep(0.1)


def send(path: Path, rps: int, seconds: float) -> int:
    """Write lines as nginx does: one datagram each, never waiting; a full queue loses the line."""
    rest = tails(_CONNECTIONS * 10)
    dropped = sent = 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect(str(path))
        sock.settimeout(0.0)
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            due = int(passed * rps)
            stamp = f"<190>Nov 24 09:00:00 rwd: rwd1 {time.time():.3f} ".encode()
            while sent < due:
                try:
                    sock.send(stamp + rest[sent % len(rest)] % (sent // _CONNECTIONS + 1))
                except BlockingIOError:
                    dropped += 1
                sent += 1
            time.sleep(_PACE_S)
        took = time.monotonic() - began
    print(json.dumps({"sent": sent, "dropped": dropped, "took": took}))
    return 0


def tails(count: int) -> list[bytes]:
    """Lines without their head: both colours, all routes, writes, failures hidden by a retry; the number left open."""
    made = []
    for number in range(count):
        address, other = (_GREEN, _BLUE) if number % 2 else (_BLUE, _GREEN)
        lists = f'"200" "{address}" "0.004" "0.005"'
        if number % 100 == 0:
            lists = f'"500, 200" "{address}, {other}" "0.004, 0.003" "0.005, 0.004"'
        method, route = "rrrw"[number % 4], _ROUTES[number % len(_ROUTES)]
        made.append(f"0.005 200 {number % _CONNECTIONS} %d 0 {method} {route} {lists}".encode())
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
