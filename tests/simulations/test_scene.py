import os
import shutil
import subprocess
from collections.abc import Iterator

import httpx
import psutil
import pytest

from simulations.lab.environment import SceneService
from simulations.lab.nginx import NGINX, Location, Operator, check_searchable, start_nginx
from simulations.lab.processes import LabError, accepts, free_port, run_folder, wait_until
from simulations.lab.results import since, summarise
from simulations.lab.scene import Scene
from watchdog.core.model import Colour, Split
from watchdog.daemon.adapters import probe_token
from watchdog.traffic.nginx.render import ServiceNginx, service_http

SERVICES = (SceneService(routes={"labs": "/labs"}), SceneService(name="his", path="/his/"))

pytestmark = pytest.mark.skipif(shutil.which(NGINX) is None, reason="nginx is not installed")


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with run_folder() as folder, Scene(folder, services=SERVICES, seed=1) as running:
        yield running


def test_blue_answers_for_every_service_at_first(scene: Scene) -> None:
    """Before the first deployment stable has everybody."""
    answers = [httpx.get(scene.nginx.url + path, trust_env=False) for path in ("/", "/labs/1", "/his/x")]

    assert ["blue"] * 3 == [answer.headers["x-colour"] for answer in answers]


def test_a_fault_reaches_users_through_nginx(scene: Scene) -> None:
    """What users see since the fault is in the records."""
    with scene.start_load(rate=200, users=20, keep_alive=4, name="fault") as load:
        injected_at = scene.fault("blue", error_rate=1.0)
        scene.wait_for_split(load, {"blue"}, timeout=5, over=0.5)
        cleared_at = scene.fault("blue", clear=True)
        records = load.stop()

    after = [record for record in since(records, injected_at) if record.ended < cleared_at]
    assert len(after) > 50
    assert (0, len(after)) == (summarise(records).connection_errors, summarise(after).errors)
    assert 0 == sum(record.failed for record in records if record.ended < injected_at)


def test_a_new_split_and_a_brake_move_users(scene: Scene) -> None:
    """The generated files are in force: a reload moves everybody to green, the brake's flag brings them back."""
    service = ServiceNginx(
        service="shop",
        servers={Colour(colour): (scene.app(colour).server,) for colour in ("blue", "green")},
        token=probe_token(scene.paths.state, "shop"),
        routes=SERVICES[0].routes,
    )
    live = scene.paths.generated / "shop.http.conf"
    before = live.read_text()
    brake = scene.paths.state / "brake"
    brake.mkdir(mode=0o755, exist_ok=True)
    flag = brake / "shop.green"
    with scene.start_load(rate=100, users=20, name="brake") as load:
        live.write_text(service_http(service, Split(stable=Colour.BLUE, candidate=Colour.GREEN, weight=1.0, salt="d")))
        scene.nginx.reload()
        scene.wait_for_split(load, {"green"}, timeout=5, over=0.3)
        flag.touch()
        scene.wait_for_split(load, {"blue"}, timeout=5, over=0.3)
        records = load.stop()
    live.write_text(before)
    scene.nginx.reload()
    flag.unlink()

    assert 0 == summarise(records).errors


def test_the_commands_of_the_environment_file_are_for_this_nginx(scene: Scene) -> None:
    """Test and reload act on the scene's own instance."""
    assert 0 == subprocess.run(scene.nginx.test_argv, check=False, capture_output=True).returncode
    old = scene.nginx.workers
    assert 0 == subprocess.run(scene.nginx.reload_argv, check=False, capture_output=True).returncode
    wait_until(lambda: scene.nginx.changed(old), what="new workers")
    assert str(scene.nginx.conf) in scene.paths.environment.read_text()


def test_a_refused_reload_says_why(scene: Scene) -> None:
    """nginx goes on with what it has; the error has its words."""
    live = scene.paths.generated / "shop.http.conf"
    before = live.read_text()
    live.write_text(before + "broken;")

    with pytest.raises(LabError, match='unknown directive "broken"'):
        scene.nginx.reload(timeout=0.5)

    live.write_text(before)
    assert 200 == httpx.get(scene.nginx.url, trust_env=False).status_code


def _group(pid: int) -> int | None:
    """The process group of a process, unless it has ended meanwhile."""
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def test_nothing_is_left_after_the_scene() -> None:
    """All of its processes end, also nginx's workers."""
    with run_folder() as folder:
        with Scene(folder) as scene:
            ports = [scene.port, *(app.port for app in scene.apps.values())]
            assert all(accepts(port) for port in ports)
            master = scene.nginx.child.pid

        assert not any(accepts(port) for port in ports)
        assert [] == [each.pid for each in psutil.process_iter() if _group(each.pid) == master]


def test_a_scene_that_cannot_start_says_why_and_leaves_nothing() -> None:
    """nginx's own words are in the error, and the applications are ended."""
    with run_folder() as folder:
        scene = Scene(folder, operator={"server": "no_such_directive on;"})

        with pytest.raises(LabError, match='unknown directive "no_such_directive"'):
            scene.start()

        assert not any(accepts(app.port) for app in scene.apps.values())


def test_any_configuration_can_be_started() -> None:
    """A text of one's own needs no scene."""
    port = free_port()
    with run_folder() as folder:
        text = Operator(locations=[], generated=None, server="location / { return 204; }").text(folder, port)
        with start_nginx(text, folder, port=port) as nginx:
            assert 204 == httpx.get(nginx.url, trust_env=False).status_code


def test_a_closed_run_folder_is_refused() -> None:
    """nginx would ignore a brake in a folder that its workers cannot search."""
    with run_folder() as folder:
        closed = folder / "closed"
        closed.mkdir(mode=0o700)

        with pytest.raises(LabError, match="closed to nginx's workers"):
            check_searchable(closed)


def test_a_location_takes_the_operators_own_directives() -> None:
    """Hyphens of a service's name are underscores in its variable."""
    text = Location(service="osun-his", path="/x", directives="proxy_buffering off;").text()

    assert "proxy_pass http://$rwd_osun_his_pool;" in text
    assert "proxy_buffering off;" in text
