"""A receiver's process that is really stopped and continued, while a bad release goes on failing."""

import json
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from simulations.lab.processes import Child, run_folder, wait_until

pytestmark = pytest.mark.acceptance

RECEIVER = """
import asyncio, json, sys, time
from pathlib import Path
from watchdog.core.model import Colour
from watchdog.sources.access_log import AccessLog, EdgeService
from watchdog.sources.edge_line import LineParser, Upstream
from watchdog.sources.edge_socket import bind_socket

def emit(source, start, end, readings):
    errors = next(r.value for r in readings if (r.signal, r.colour) == ("errors", Colour.GREEN))
    print(json.dumps({"took": end - start, "errors": errors, "late": log.stats.late}), flush=True)

async def main():
    global log
    parser = LineParser({"127.0.0.1:1": Upstream(service="app", colour=Colour.GREEN)})
    service = EdgeService(service="app", source="edge", slow=2.0, emit=emit)
    sock = bind_socket(Path(sys.argv[1]))
    log = AccessLog(sock=sock, parser=parser, services=[service], now=time.monotonic, wall=time.time)
    log.start()
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_a_stopped_receiver_says_that_it_saw_nothing() -> None:
    """The burst that waited during a stop counts in no slice; what comes afterwards does."""
    with run_folder() as folder:
        edge = folder / "edge.sock"
        argv = [sys.executable, "-c", RECEIVER, str(edge)]
        with Child.start(argv, name="receiver", run_dir=folder) as receiver:

            def slices() -> list[dict[str, Any]]:
                text = Path(receiver.log_path).read_text()
                return [json.loads(line) for line in text.splitlines()]

            wait_until(lambda: len(slices()) > 2, what="the first slices", children=[receiver])
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.connect(str(edge))

                def fail(number: int) -> None:
                    lists = '"500" "127.0.0.1:1" "0.001" "0.001"'
                    head = f"<190>Nov 24 09:00:00 rwd: rwd1 {time.time():.3f} 0.001 500 1"
                    sender.send(f"{head} {number} 0 r other {lists}".encode())

                receiver.signal(signal.SIGSTOP)
                for number in range(1, 9):
                    fail(number)
                time.sleep(2.5)  # nothing to wait for: the stop itself must last
                before = len(slices())
                receiver.signal(signal.SIGCONT)
                wait_until(lambda: len(slices()) > before + 1, what="slices again", children=[receiver])
                fail(9)
                wait_until(lambda: slices()[-1]["errors"] == 1.0, what="the new failure", children=[receiver])

            after = slices()[before:]
            assert "stale" == after[0]["errors"]
            assert after[0]["took"] > 2.4
            assert {0.0, 1.0} == {slice_["errors"] for slice_ in after[1:]}
            assert 1 == len([slice_ for slice_ in after if slice_["took"] > 1.0])
