"""Twenty requests a minute, live: what half of them failing leads to, and what one of a hundred does not.

The ten minutes of the healthy one run in virtual time, through the same engine: `simulations/scenarios/traffic.yml`.
"""

from typing import Any

import pytest

from simulations.lab.environment import SceneService
from simulations.lab.nginx import NGINX
from simulations.lab.processes import run_folder
from simulations.lab.scene import Scene
from tests.acceptance.daemon_world import Watch
from tests.acceptance.triggers import world as lab
from tests.acceptance.triggers.world import HEALTH, needs, ratio

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.long,
    pytest.mark.timeout(270),
    needs(NGINX),
]

PER_SECOND = 20 / 60
FAULTS = {"few": 0.01, "half": 0.5}
CHANGES: dict[str, Any] = {
    "rules": {"edge-errors": ratio("edge"), "health": HEALTH},
    "services": {name: {"rules": ["edge-errors", "health"], "plan": "everybody"} for name in FAULTS},
    "plans": {
        "everybody": {"steps": [{"weight": "100%", "gate": {"requests": 0, "per_critical_route": 0}}], "bake": "30m"}
    },
}


def test_half_of_few_requests_failing_is_rolled_back() -> None:
    """Within three minutes; one of a hundred leads to nothing meanwhile."""
    services = [SceneService(name=name, path=f"/{name}/") for name in FAULTS]
    with run_folder() as folder, Scene(folder, services=services, changes=CHANGES, seed=1) as scene:
        paths = tuple((f"/{name}/", 1.0) for name in FAULTS)
        load = scene.start_load(rate=PER_SECOND * len(FAULTS), paths=paths, poisson=True, seed=3)
        scene.start_daemon()
        watches = {name: Watch(scene, name) for name in FAULTS}
        deployments = {name: watch.submit("2.0") for name, watch in watches.items()}
        for watch in watches.values():
            watch.until_phase("baking")
        faults = {name: scene.fault("green", service=name, error_rate=rate) for name, rate in FAULTS.items()}
        half = watches["half"].until_phase("rolled_back", timeout=180.0, every=0.5)["deployment"]
        decided = half["rollback"]["decided"] - faults["half"]
        seen = [each for each in load.records() if each.route == "/few/" and each.started > faults["few"]]

        lab.say(f"20 requests a minute, half fail: decided {decided:.0f} s; 1 %: {len(seen)} requests, no rollback")
        assert ["edge-errors"] == half["rollback"]["rules"]
        assert "baking" == watches["few"].deployment()["phase"]
        assert [] == watches["few"].of(deployments["few"], "RollbackOrdered", "DivertOrdered")
        assert {"green"} == {each.colour for each in seen}
