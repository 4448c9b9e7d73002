import socket
from pathlib import Path

import httpx
import pytest
import yaml

from simulations.lab import haproxy
from simulations.lab.apps import AppProcess
from simulations.lab.environment import SceneService
from simulations.lab.haproxy import Haproxy
from simulations.lab.processes import LabError, accepts, run_folder
from simulations.lab.scene import COLOURS, Scene

pytestmark = pytest.mark.skipif(not haproxy.available(), reason="haproxy is not installed")


def ask(path: Path, command: str) -> str:
    """What the runtime socket says."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(str(path))
        client.sendall(f"{command}\n".encode())
        with client.makefile() as answer:
            return answer.read()


def test_each_colour_has_a_way_in_and_a_backend(tmp_path: Path) -> None:
    """Users of a frontend reach its colour; the runtime socket tells of both; all of it ends."""
    with AppProcess.start("blue", tmp_path) as blue, AppProcess.start("green", tmp_path) as green:
        servers = {("shop", app.colour): app.server for app in (blue, green)}
        with Haproxy.start(tmp_path, servers) as running:
            answers = [httpx.get(f"http://{each}", trust_env=False) for each in running.servers.values()]
            rows = ask(running.socket, "show stat").splitlines()

    assert ["blue", "green"] == [answer.headers["x-colour"] for answer in answers]
    assert {"shop-blue,app", "shop-green,app"} <= {",".join(row.split(",")[:2]) for row in rows}
    assert not any(accepts(int(each.rpartition(":")[2])) for each in running.servers.values())


def test_a_service_stands_behind_it_when_it_says_so() -> None:
    """nginx and the environment file have HAProxy's servers for that service, and the application's for others."""
    services = (SceneService(name="shop", haproxy=True), SceneService(name="his", path="/his/"))
    with run_folder() as folder, Scene(folder, services=services) as scene:
        answer = httpx.get(scene.nginx.url, trust_env=False)
        rows = [row.split(",") for row in ask(scene.haproxy.socket, "show stat").splitlines()[1:] if row]
        written = yaml.safe_load(scene.paths.environment.read_text())["services"]
        servers = {name: [written[name]["colours"][colour]["server"] for colour in COLOURS] for name in written}

        assert "blue" == answer.headers["x-colour"]
        assert "1" == next(row[7] for row in rows if row[:2] == ["shop-blue", "app"])  # stot: its sessions so far
        assert [scene.haproxy.servers["shop", colour] for colour in COLOURS] == servers["shop"]
        assert [scene.app(colour, "his").server for colour in COLOURS] == servers["his"]


def test_a_scene_without_one_says_so() -> None:
    """The error says what is missing."""
    with run_folder() as folder, pytest.raises(LabError, match="no service behind a HAProxy"):
        _ = Scene(folder).haproxy
