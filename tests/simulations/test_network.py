import subprocess
import sys
from pathlib import Path

import pytest

from simulations.lab.network import may_enter, queue_lines

SCRIPT = """
from simulations.lab.network import enter_private_network, queue_lines
from simulations.lab.processes import accepts
import socket
enter_private_network()
with socket.create_server(("127.0.0.1", 20000)):
    print(queue_lines(), accepts(20000), [name for _, name in socket.if_nameindex()])
"""


@pytest.mark.skipif(not may_enter(), reason="a network namespace wants root")
def test_a_private_network_has_loopback_and_the_queue_that_nginx_needs() -> None:
    """Inside the setting is 512 and loopback works; outside nothing has changed."""
    before = queue_lines()
    root = Path(__file__).parents[2]

    done = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True, cwd=root)

    assert "512 True ['lo']" == done.stdout.strip()
    assert before == queue_lines()
