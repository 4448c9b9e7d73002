"""Bad releases on a real nginx: what is rolled back, what is not, and who hears of it."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulations.lab.environment import SceneService
from simulations.lab.load import LoadProcess
from simulations.lab.processes import run_folder
from simulations.lab.results import last_before_first_cut
from simulations.lab.scene import Scene
from tests.acceptance.daemon_world import View, Watch, changes, stays
from tests.notify.fakes import ChatService, chat_service
from watchdog.control.client import RefusedError

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(90)]

SERVICES = ("shop", "killed", "shared", "unheard")


@dataclass
class Running:
    """A scene with a release at 100 % on every service."""

    scene: Scene
    loads: dict[str, LoadProcess]
    chat: ChatService
    deployments: dict[str, str]

    def watch(self, service: str) -> Watch:
        return Watch(self.scene, service)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    services = [SceneService(name=name, path="/" if name == "shop" else f"/{name}/") for name in SERVICES]
    with run_folder() as folder, chat_service() as chat:
        told = {
            "contacts": {"on-call": {"apprise": f"json://127.0.0.1:{chat.port}/"}},
            "escalation": [{"level": "2", "contacts": ["on-call"]}],
            "chat": ["on-call"],
        }
        with Scene(folder, services=services, changes=changes(*SERVICES, **told), seed=1) as scene:
            scene.start_daemon()
            loads = {
                service.name: scene.start_load(
                    name=service.name, rate=30, users=60, keep_alive=8, paths=((service.path, 1.0),), seed=2
                )
                for service in services
            }
            watches = [Watch(scene, name) for name in SERVICES]
            deployments = {watch.service: watch.submit("2.0") for watch in watches}
            for watch in watches:
                watch.until_phase("baking")
            yield Running(scene, loads, chat, deployments)


def test_a_bad_release_is_diverted_then_rolled_back_on_proof(running: Running) -> None:
    """Users are off it within a second; the rollback is proved by live traffic; on-call reads it once."""
    watch, load = running.watch("shop"), running.loads["shop"]
    watch.until(lambda view: view["deployment"]["soaked"] > 2.0, "two seconds of baking")
    fault = running.scene.fault("green", service="shop", error_rate=1.0)
    watch.until(lambda view: view["deployment"]["divert"] is not None, "a divert", timeout=5.0)
    deployment = watch.until_phase("rolled_back")["deployment"]
    recent = running.scene.wait_for_split(load, {"blue"}, timeout=5.0)

    last = last_before_first_cut(load.records(), "green", fault=fault)
    assert last is not None
    assert last - fault < 1.0
    assert deployment["rollback"]["proved"] - fault < 15.0
    assert deployment["rollback"]["to_stable"] >= 5
    assert 0 == sum(record.failed for record in recent)
    name = running.deployments["shop"]
    assert 1 == len(watch.of(name, "RollbackOrdered"))
    assert ["proved_by_traffic"] == [each["reason"] for each in watch.incidents(name)]
    watch.until(lambda view: not _untold(watch, name), "the messages' outcomes", timeout=10.0)
    titles = [message["title"] for message in running.chat.received if "shop" in message["title"]]
    assert 1 == sum("rolled back" in title.lower() for title in titles), titles

    with pytest.raises(RefusedError) as refused:
        watch.submit("2.0")
    assert "known_bad" == refused.value.reason
    watch.client.forgive("shop", "2.0", because="it was the test")
    running.scene.fault("green", service="shop", clear=True)
    assert watch.submit("2.0", plan="canary")


def _untold(watch: Watch, deployment: str) -> bool:
    """Whether a message was ordered and its outcome has not come."""
    ordered = {each["order"]["id"] for each in watch.of(deployment, "MessageOrdered")}
    return bool(ordered - {each["body"]["effect"] for each in watch.records("NotifiedOutcome")})


def test_a_candidate_that_dies_is_rolled_back(running: Running) -> None:
    """It refuses connections: there is nothing to wait for."""
    watch = running.watch("killed")
    crashed = running.scene.app("green", "killed").crash()
    deployment = watch.until_phase("rolled_back")["deployment"]
    running.scene.wait_for_split(running.loads["killed"], {"blue"}, timeout=5.0)

    assert deployment["rollback"]["proved"] - crashed < 15.0
    assert 1 == len(watch.of(running.deployments["killed"], "RollbackOrdered"))


def test_what_both_colours_suffer_is_no_reason_to_roll_back(running: Running) -> None:
    """It freezes and tells on-call the exposure; when stable recovers and the candidate does not, it rolls back."""
    watch, name = running.watch("shared"), running.deployments["shared"]
    running.scene.fault("blue", service="shared", error_rate=1.0, health="down")
    watch.until(lambda view: _level(view, "health", "blue") == "firing", "blue's health page fails")
    running.scene.fault("green", service="shared", error_rate=1.0, health="down")
    blocked = watch.until(
        lambda view: bool(view["deployment"]["wanted"] and view["deployment"]["wanted"]["blocked"]), "a block"
    )

    assert blocked["deployment"]["wanted"]["blocked"] in ("stable_down", "common_cause")
    assert "interlock" in [each["hold"] for each in blocked["deployment"]["holds"]]
    assert stays(lambda: watch.view()["exposure"]["weight"] == 1.0, 2.0)
    assert [] == watch.of(name, "RollbackOrdered")
    watch.until(lambda view: not _untold(watch, name), "the messages' outcomes", timeout=10.0)
    messages = [each["message"] for each in running.chat.received if "shared" in each["title"]]
    assert any("All users are on green" in message and "errors/s" in message for message in messages), messages

    running.scene.fault("blue", service="shared", clear=True)
    watch.until_phase("rolled_back")

    assert 1 == len(watch.of(name, "RollbackOrdered"))
    running.scene.wait_for_split(running.loads["shared"], {"blue"}, timeout=5.0)


def _level(view: View, rule: str, colour: str) -> str:
    levels = [each["level"] for each in view["rules"] if (each["name"], each["colour"]) == (rule, colour)]
    return str(levels[0])


def test_a_dead_access_log_is_blindness_and_not_a_quiet_night(running: Running) -> None:
    """The verdict is blind, the soak stands, nothing is rolled back; it ends when the lines come again."""
    watch, name = running.watch("unheard"), running.deployments["unheard"]
    common = running.scene.paths.generated / "rwd-common.server.conf"
    before = common.read_text()
    common.write_text(before.replace(str(running.scene.paths.edge), str(running.scene.paths.run_dir / "elsewhere")))
    running.scene.nginx.reload()
    try:
        watch.until(lambda view: view["verdict"] == "blind", "blindness", timeout=15.0)
        soaked = watch.deployment()["soaked"]

        assert stays(lambda: watch.deployment()["soaked"] == soaked, 1.5)
        assert "baking" == watch.deployment()["phase"]
        assert [] == watch.of(name, "RollbackOrdered", "DivertOrdered")
    finally:
        common.write_text(before)
        running.scene.nginx.reload()
    watch.until(lambda view: view["verdict"] == "healthy", "sight")
    watch.until(lambda view: view["deployment"]["soaked"] > soaked, "soak goes on")


def test_the_daemon_ends_in_order(tmp_path: Path) -> None:
    """SIGTERM: status 0, no socket is left, everything is kept."""
    with run_folder() as folder, Scene(folder, changes=changes()) as scene:
        daemon = scene.start_daemon()
        Watch(scene).ready()
        daemon.signal(signal.SIGTERM)

        assert 0 == daemon.wait(10.0)
        assert [False, False] == [scene.paths.control.exists(), scene.paths.edge.exists()]
        assert '"everything_kept": true' in daemon.log_tail()
