"""What the daemon's acceptance tests share: short plans, and waiting for what a service's view says."""

import time
from collections.abc import Callable
from typing import Any

from simulations.lab.environment import merged
from simulations.lab.processes import LabError, wait_until
from simulations.lab.scene import Scene
from watchdog.control.client import Client, ControlError

View = dict[str, Any]

RULES: View = {
    "error-rate": {"sequential_ratio": {"ride_out": "1s"}, "warm_up": "1s"},
    "latency-p95": {"sequential_ratio": {"ride_out": "1s"}, "warm_up": "1s"},
}


def step(weight: str, soak: str = "1s") -> View:
    return {"weight": weight, "soak": soak, "gate": {"requests": 10, "per_critical_route": 0}}


PLANS: View = {
    "full": {"steps": [step("50%"), {"weight": "100%"}], "bake": "10m"},
    "canary": {"steps": [step("50%", "10m"), {"weight": "100%"}], "bake": "10m"},
}


def changes(*services: str, **more: Any) -> View:
    """Over the laboratory's environment: short times, and plans that stay where a test wants them; and `more`."""
    usual: View = {
        "rules": RULES,
        "plans": PLANS,
        # One release after the other, and some of them rolled back: no test waits for that.
        "services": {
            service: {"divert_for": "2s", "plan": "full", "cool_down": "0s", "budget": "none"}
            for service in services or ("shop",)
        },
        "budget": "none",
    }
    return merged(usual, more)


class Watch:
    """One service, looked at through the control API."""

    def __init__(self, scene: Scene, service: str = "shop") -> None:
        self.scene = scene
        self.service = service
        self.client: Client = scene.client()

    def view(self) -> View:
        found: View = self.client.status()["services"][self.service]
        return found

    def deployment(self) -> View:
        """The last deployment; empty before the first."""
        found: View | None = self.view()["deployment"]
        return found or {}

    def until(self, condition: Callable[[View], bool], what: str, timeout: float = 30.0, every: float = 0.05) -> View:
        """The first view that fulfils the condition. LabError after `timeout` seconds, with the last one."""
        last: View = {}

        def holds() -> bool:
            nonlocal last
            try:
                last = self.view()
            except ControlError:
                return False
            return condition(last)

        try:
            wait_until(holds, what=what, timeout=timeout, every=every)
        except LabError as error:
            raise LabError(f"{error}\nlast seen: {last}\n{self.scene.daemon.log_tail()}") from None
        return last

    def until_phase(self, *phases: str, timeout: float = 30.0, every: float = 0.05) -> View:
        """As `until`, for the deployment's phase."""
        return self.until(
            lambda view: view["deployment"] is not None and view["deployment"]["phase"] in phases,
            f"{self.service} {' or '.join(phases)}",
            timeout,
            every,
        )

    def ready(self) -> None:
        """Wait until the router was seen to agree with what is remembered."""
        self.until(lambda view: view["adopted"], f"{self.service} adopted")

    def submit(self, release: str, plan: str | None = None) -> str:
        self.ready()
        return str(self.client.submit(self.service, release, plan=plan)["deployment"])

    def records(self, *types: str) -> list[View]:
        """The journal's records of this service."""
        return self.client.records(service=self.service, types=types or None, limit=10_000)

    def of(self, deployment: str, *types: str) -> list[View]:
        """The records of these types after that deployment began and before the next one did."""
        found: list[View] = []
        inside = False
        for each in self.records("DeploymentBegun", *types):
            if each["type"] == "DeploymentBegun":
                inside = each["body"]["deployment"] == deployment
            elif inside:
                found.append(each["body"])
        return found

    def incidents(self, deployment: str) -> list[View]:
        """Those of a deployment that may wake somebody."""
        opened = self.of(deployment, "IncidentOpened")
        return [each for each in opened if each["audience"] == "on_call"]


def stays(condition: Callable[[], bool], seconds: float, every: float = 0.1) -> bool:
    """Whether a condition holds all the time for so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not condition():
            return False
        time.sleep(every)
    return True
