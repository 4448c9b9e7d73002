"""The demonstration: a bad release leaves traffic by itself, on a real nginx, though the daemon is killed in between.

What lives here: the story and its timeline. What must not: the laboratory (`scene`) or anything that the product should
do by itself. Exit status 0 only if traffic was proved back on stable.
"""

import argparse
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from textwrap import indent
from typing import Any, Final

from simulations.lab.processes import LabError, run_folder, wait_until
from simulations.lab.results import Record, last_before_first_cut, since
from simulations.lab.scene import Scene
from simulations.lab.tried import Tried, by_first, operator, read_tried
from watchdog.control.client import Client, ControlError
from watchdog.notify import words

RATE: Final = 60.0
ERRORS: Final = 0.6
"""The bad release fails this share of its requests once it has half of the users."""

SEEN_LOG: Final = "seen.log"
"""Where nginx writes who was asked first."""

AT_MOST_S: Final = 80.0
DARK_S: Final = 2.0
"""So long the daemon stays dead after it was killed."""

CHANGES: Final[dict[str, Any]] = {
    "services": {"shop": {"plan": "demo"}},
    "plans": {
        "demo": {
            "steps": [
                {"weight": "10%", "soak": "4s", "gate": {"requests": 10, "per_critical_route": 0}},
                {"weight": "50%", "soak": "60s", "gate": {"requests": 20, "per_critical_route": 0}},
                {"weight": "100%"},
            ],
            "bake": "60s",
        }
    },
    "rules": {"error-rate": {"warm_up": "1s"}, "latency-p95": {"warm_up": "1s"}},
}


@dataclass(slots=True)
class Timeline:
    """Lines of what happened, with the seconds since the beginning."""

    began: float = field(default_factory=time.time)

    def say(self, what: str, *, at: float | None = None) -> None:
        """One line; `at` is a wall-clock time when it is not now."""
        seconds = (time.time() if at is None else at) - self.began
        print(f"  {seconds:5.1f} s  {what}", flush=True)


class Story:
    """One run of the demonstration."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.line = Timeline()
        self.client = Client(scene.paths.control)
        self.fault_at = 0.0

    def tell(self) -> bool:
        """Everything, in order; whether traffic was proved back."""
        scene, line = self.scene, self.line
        line.say(f"blue and green run, nginx on port {scene.port} gives everybody to blue")
        scene.start_daemon()
        line.say("the daemon watches: access log and health pages, nothing else")
        with scene.start_load(rate=RATE, users=400, keep_alive=20) as load:
            line.say(f"400 users send {RATE:.0f} requests/s")
            self.release()
            self.break_green()
            self.kill_the_daemon()
            self.see_it_rolled_back()
            self.count(load.records(), read_tried(self.scene.paths.run_dir / SEEN_LOG))
        self.show_the_screens()
        return self.phase() == "rolled_back"

    def release(self) -> None:
        """Release 2.0 goes through its canary steps."""
        self.client.submit(self.scene.service, "2.0")
        self.line.say("release 2.0 is submitted for green: 10 %, 50 %, then everybody")
        self.wait(lambda: self.deployment()["checks"] != [], "the preparation")
        checks = self.deployment()["checks"]
        self.line.say(f"the way back is ready first: {sum(each['ok'] for each in checks)} of {len(checks)} checks hold")
        for step, what in enumerate(("10 % of users are on green", "50 % of users")):
            self.wait(partial(self.confirmed, step), what)
            self.line.say(what, at=self.deployment()["phase_since"])

    def break_green(self) -> None:
        """The new version begins to fail."""
        time.sleep(2.0)  # a moment of health, warm-up over
        self.fault_at = self.scene.fault("green", error_rate=ERRORS)
        self.line.say(f"2.0 BREAKS: {100 * ERRORS:.0f} % of its requests fail from now on", at=self.fault_at)
        self.wait(lambda: (self.deployment()["divert"] or {}).get("cut", False), "the divert")
        self.line.say("suspicion: green gets no more requests (one rename, no reload); all users are on blue")

    def kill_the_daemon(self) -> None:
        """A kill -9 in the middle; the brake is a file and stays."""
        self.scene.daemon.signal(signal.SIGKILL)
        self.scene.daemon.wait(5)
        self.line.say("the daemon is killed (kill -9); the brake is a file, users stay on blue")
        time.sleep(DARK_S)
        self.scene.start_daemon()
        self.line.say("the daemon is started again and goes on where it was")

    def see_it_rolled_back(self) -> None:
        """The trial, the proof, the rollback, the proof by traffic."""
        self.wait(lambda: self.deployment()["rollback"] is not None, "the decision")
        rollback = self.deployment()["rollback"]
        self.line.say("trial: green has users again for a moment, and fails again", at=rollback["decided"])
        self.line.say(f"decided: roll back ({', '.join(rollback['rules'])})", at=rollback["decided"])
        self.wait(lambda: self.phase() in ("rolled_back", "rollback_failed"), "the proof")
        rollback = self.deployment()["rollback"]
        if self.phase() == "rolled_back":
            self.line.say(
                f"PROVED by live traffic: {rollback['to_stable']} requests since the brake, all answered by blue",
                at=rollback["proved"],
            )

    def count(self, records: list[Record], tried: list[Tried]) -> None:
        """What users saw, by the load generator; what they did not see, by nginx's own log."""
        after = since(records, self.fault_at)
        green = self.scene.server("green")
        cut = last_before_first_cut(by_first(tried, green, "green", "blue"), "green", fault=self.fault_at)
        errors = sum(each.failed for each in after)
        failed = [each for each in tried if each.started >= self.fault_at and each.failed_at(green)]
        proved = self.deployment()["rollback"]["proved"]
        print()
        print(f"  fault to the last request on green before the cut   {(cut or 0.0) - self.fault_at:6.2f} s")
        print(f"  fault to the proved rollback                        {proved - self.fault_at:6.2f} s")
        print(f"  requests that green failed                          {len(failed):4d} of {len(after)} since the fault")
        print(f"  of these answered by blue in its place              {sum(each.shielded for each in failed):4d}")
        print(f"  requests that failed before a user's eyes           {errors:4d}")
        print(f"  failed requests before the fault                    {_failed_before(records, self.fault_at):4d}")

    def show_the_screens(self) -> None:
        """What on-call is told, and what the operator sees."""
        view = self.client.status()
        incidents = view["services"][self.scene.service]["incidents"]
        told = next((each for each in incidents if each["reason"] == "proved_by_traffic"), None)
        if told is not None:
            message = words.message(view, self.scene.service, told["id"], 0)
            print(f"\nWhat on-call reads:\n\n{indent(message.title + chr(10) + message.body.rstrip(), '  ')}")
        for command in (("status",), ("explain", self.scene.service)):
            print(f"\n$ rollback-watchdog {' '.join(command)}\n")
            print(self.scene.cli(*command).stdout.rstrip())

    def confirmed(self, step: int) -> bool:
        """Whether a step's split is in force."""
        deployment = self.deployment()
        weight = deployment["steps"][step]["weight"]
        return bool(deployment["step"] == step and abs(deployment["in_force"]["weight"] - weight) < 1e-9)

    def deployment(self) -> Any:
        """The present deployment as the daemon tells it."""
        return self.client.status()["services"][self.scene.service]["deployment"]

    def phase(self) -> str:
        """Its phase."""
        return str(self.deployment()["phase"])

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something the daemon does by itself."""

        def ready() -> bool:
            try:
                return condition()
            except ControlError:
                return False

        wait_until(ready, what=what, timeout=AT_MOST_S, every=0.05)


def _failed_before(records: list[Record], when: float) -> int:
    return sum(each.failed for each in records if each.started < when)


def main(argv: list[str]) -> int:
    """Run the demonstration; 0 only if traffic was proved back."""
    parser = argparse.ArgumentParser(prog="script/demo", description="A bad release leaves traffic by itself.")
    parser.add_argument("--keep", type=Path, help="a folder for everything that is written, kept afterwards")
    options = parser.parse_args(argv)
    print("rollback-watchdog: a bad release, a real nginx, nobody at the keyboard\n")
    try:
        if options.keep is not None:
            options.keep.mkdir(parents=True, exist_ok=True)
            return _run(options.keep)
        with run_folder() as folder:
            return _run(folder)
    except LabError as error:
        print(f"\nthe laboratory failed: {error}", file=sys.stderr)
        return 1


def _run(folder: Path) -> int:
    with Scene(folder, changes=CHANGES, operator=operator(folder / SEEN_LOG)) as scene:
        proved = Story(scene).tell()
    print("\ntraffic is proved back on blue." if proved else "\nNOT proved: traffic is not back.")
    return 0 if proved else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
