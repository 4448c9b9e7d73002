"""Following a deployment to its end: one live line from the stream of views.

What lives here: what the line says, when a deployment has ended, and how that is told. What must not: ordering
anything; whoever follows changes nothing, and nothing changes when they go.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TextIO, TypeAlias

from watchdog.deploy.exits import DONE, INTERRUPTED, REFUSED
from watchdog.deploy.terminal import Screen, width_of, wrap
from watchdog.text import deployment as words
from watchdog.text import outlook, readiness
from watchdog.text.quantities import weight
from watchdog.text.reasons import PROGRAM, spoken

Plain: TypeAlias = Mapping[str, Any]

RECORDS: Final = 10_000
"""So many of the newest records are searched for the end of a deployment that another one has followed."""


class Following(Protocol):
    """What is needed of `control.client.Client`."""

    def events(
        self, *, after: int | None = None, sleep: Callable[[float], object] = time.sleep
    ) -> Iterable[dict[str, Any]]:
        """The stream of views."""
        ...

    def records(
        self,
        *,
        since: int | None = None,
        service: str | None = None,
        types: tuple[str, ...] | None = None,
        limit: int | None = None,
    ) -> list[dict[str, Any]]:
        """Records of the journal."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is shown of a deployment at one moment."""

    head: str
    rest: str
    change: str
    """Without what merely counts up: another one is worth a line where nothing can be redrawn."""

    @property
    def text(self) -> str:
        """All of it in one line."""
        return f"{self.head}  {self.rest}"

    def fitting(self, width: int) -> list[str]:
        """One line where it fits, else the split and below it what is going on."""
        if len(self.text) <= width:
            return [self.text]
        return [line[:width] for line in (self.head, *wrap(f"  {self.rest}", width, "  "))]


def follow(client: Following, service: str, deployment: str, out: TextIO) -> int:
    """Show a live line until the deployment has ended: 0 when it is promoted, 1 otherwise, 130 after Ctrl-C.

    A daemon that is restarted is waited for. ControlError when it cannot be reached at the beginning.
    """
    with Screen(out) as screen:
        try:
            return _follow(client, service, deployment, screen, width_of(out))
        except KeyboardInterrupt:
            again = f"rollback-deploy follow --service {service}"
            screen.leave([f"Detached; the daemon goes on with {service}. To look on: {again}"])
            return INTERRUPTED


def _follow(client: Following, service: str, deployment: str, screen: Screen, width: int) -> int:
    def lost(seconds: float) -> None:
        told = f"{service}: the daemon does not answer; the last orders stand, trying again"
        screen.draw([told[:width]], change=told)
        time.sleep(seconds)

    told = False
    for event in client.events(sleep=lost):
        view = event.get("view")
        if view is None:
            continue
        known = view["services"].get(service)
        if known is None:
            screen.leave([f"{service} is not in the daemon's configuration any more."])
            return REFUSED
        mine = known.get("deployment")
        if mine is None or mine["id"] != deployment:
            return _superseded(client, service, deployment, screen)
        line = line_of(known, mine)
        screen.draw(line.fitting(width), change=line.change)
        if not told and mine.get("outlook"):  # once, as soon as the traffic is known
            told = True
            screen.leave(each for text in outlook.lines(mine) for each in wrap(f"  {text}", width, "  "))
        if mine["phase"] in words.ENDED:
            screen.leave(words.ending(known, mine))
            return DONE if mine["phase"] == "promoted" else REFUSED
    return REFUSED


def line_of(service: Plain, deployment: Plain) -> Line:
    """The live line: split bar, phase and soak, verdict, and what stands in the way."""
    share = words.share_now(service)
    bar = words.bar(deployment["stable"], deployment["candidate"], share)
    head = f"{service['name']} {deployment['release']}  {bar}  {weight(share)}"
    state = _state(service, deployment)
    rest = "  ".join(part for part in (words.phase(deployment), state) if part)
    phase = spoken(deployment["phase"])
    change = f"{service['name']} {deployment['release']}: {phase} at {weight(share)}"
    return Line(head=head, rest=rest, change=f"{change}, {state}" if state else change)


def _state(service: Plain, deployment: Plain) -> str:
    """The one thing that matters most now, and that nothing is rolled back by itself while that is so."""
    now = _matters(service, deployment)
    off = readiness.off(service) if deployment["phase"] in words.WATCHED else ""
    return "; ".join(part for part in (now, off) if part)


def _matters(service: Plain, deployment: Plain) -> str:
    blocked = words.block(deployment)
    if blocked:
        return f"ROLLBACK BLOCKED: {blocked}"
    if deployment["divert"] is not None:
        return words.suspended(deployment)
    holds = words.holds(service["name"], deployment)
    if holds:
        return f"held: {holds[0].why}"
    if deployment["phase"] not in words.WATCHED:
        return ""
    if service["maintenance"]:
        return "the maintenance page is on"
    kept = [part for part in (words.held_at(deployment), words.routes_cut(deployment)) if part]
    lost = f"rollback is not ready: {service['parachute']['detail']}" if service["parachute"]["lost"] else ""
    return "; ".join(part for part in (str(service["verdict"]), *kept, lost) if part)


def _superseded(client: Following, service: str, deployment: str, screen: Screen) -> int:
    """Another deployment is the service's last: how ours ended stands in the journal."""
    phase = ""
    mine = False
    for record in client.records(service=service, types=("DeploymentBegun", "PhaseChanged"), limit=RECORDS):
        body = record["body"]
        if record["type"] == "DeploymentBegun":
            mine = body["deployment"] == deployment
        elif mine:
            phase = str(body["to"])
    ended = spoken(phase)
    told = f"ended {ended}" if ended else "is not known any more"
    screen.leave([f"{service}: this deployment {told}, and is not the last one. {PROGRAM} status {service}"])
    return DONE if phase == "promoted" else REFUSED
