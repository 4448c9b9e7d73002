"""The status screen: from the view to lines that fit a terminal.

What lives here: the order of the lines and their layout. What must not: talking to the daemon, and words that the
deploy driver and messages use, too (`watchdog.text`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final, TypeAlias

from watchdog.cli import situation
from watchdog.deploy.follow import line_of
from watchdog.deploy.terminal import Paint, wrap
from watchdog.text import deployment as words
from watchdog.text import outlook, readiness, rules
from watchdog.text.quantities import clock, count, duration, moment, weight
from watchdog.text.reasons import PROGRAM, spoken

Plain: TypeAlias = Mapping[str, Any]

NAME_WIDTH: Final = 19
STATE_WIDTH: Final = 10
NARROW: Final = 80
"""Below it what a rule says stands under its name."""

STATE_COLOURS: Final = {
    "firing": "bad", "pending": "warn", "recovering": "warn", "unknown": "warn", "waived": "warn", "ok": "good",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Where it is shown: columns, colours, the reader's zone (None: the host's)."""

    width: int
    paint: Paint
    zone: tzinfo | None = None


def render(view: Plain, only: str | None, look: Look) -> list[str]:
    """The whole screen. `only`: one service's name."""
    chosen = {name: each for name, each in view["services"].items() if only in (None, name)}
    lines = [*_header(view, look)]
    for service in chosen.values():
        lines += _service(view, service, look)
    return lines


def changes_of(view: Plain, only: str | None) -> dict[str, str]:
    """One line per service that is another one only when something has changed: for logs and pipes."""
    return {
        name: _change(view, service)
        for name, service in view["services"].items()
        if only in (None, name) and "deployment" in service
    }


def _change(view: Plain, service: Plain) -> str:
    at = clock(service["deployment"]["phase_since"]) if service["deployment"] else clock(view["now"])
    deployment = service["deployment"]
    if deployment is None:
        return f"{service['name']}: {service['stable']} serves all users; no deployment"
    told = line_of(service, deployment).change
    troubled = [f"{each['name']} {rules.state(each)}" for each in _decisive(service) if rules.state(each) in TROUBLED]
    if words.running(service) is not None and readiness.off(service):
        troubled.append(readiness.off(service))
    return f"{at} {told}{'; ' + ', '.join(troubled) if troubled else ''}"


TROUBLED: Final = frozenset({"firing", "pending", "unknown", "waived"})


def _header(view: Plain, look: Look) -> Iterator[str]:
    up = f", up {duration(view['now'] - view['started'])}" if "started" in view else ""
    on = f" on {view['host']}" if "host" in view else ""
    yield from wrap(
        f"{view['environment']}{on}{up}, {count(len(view['services']), 'service')}, {_sources(view)}", look.width
    )
    stopped = view["stopped"]
    if stopped:
        until = f" until {moment(stopped['until'], look.zone)}" if stopped["until"] is not None else ""
        told = f"the line is stopped by {stopped['by']}{until}: {stopped['because']}; nothing automatic is done"
        yield from wrap(f"{told}. {PROGRAM} stop-the-line --release", look.width, "  ")
    trouble = view.get("journal_trouble") or view["not_durable"]
    if trouble:
        yield from wrap(f"the journal cannot be written: {trouble}", look.width, "  ")
    if view.get("config_trouble"):
        told = f"the last good configuration is in force; the file cannot be used: {view['config_trouble']}"
        yield from wrap(told, look.width, "  ")


def _sources(view: Plain) -> str:
    """Whether everything that a decision leans on speaks."""
    silent = [
        f"{source['name']} of {name}"
        for name, service in view["services"].items()
        for source in service.get("sources", ())
        if source["required"] and source["silent"]
    ]
    return f"silent: {', '.join(silent)}" if silent else "every required source answers"


def _service(view: Plain, service: Plain, look: Look) -> Iterator[str]:
    name = service["name"]
    if "deployment" not in service:
        yield f"{name}   {service['stable']}; not in the configuration any more"
        return
    deployment = service["deployment"]
    yield from _heading(service, look)
    if words.running(service) is None:
        yield from _indented(_trouble_at_rest(service), look.width)
        yield from _indented(situation.switched_off(service, look.zone), look.width)
        yield from _indented(situation.left_over(service, look.zone), look.width)
    else:
        for rule in _decisive(service):
            yield from _rule(view, service, rule, look)
        yield from _indented(outlook.lines(deployment), look.width)
        yield from _indented(situation.in_the_way(service, deployment, look.zone), look.width)
    yield from _indented([situation.ready(view, service, look.zone)], look.width)


def _heading(service: Plain, look: Look) -> list[str]:
    deployment = words.running(service)
    if deployment is None:
        return wrap(f"{service['name']}   {_rest(service, look.zone)}", look.width, "  ")
    share = words.share_now(service)
    split = f"{words.bar(deployment['stable'], deployment['candidate'], share)}   {weight(share)}"
    head, phase = f"{service['name']}   {deployment['release']}", words.phase(deployment)
    line = f"{head}   {split}   {phase}"
    return [line] if len(line) <= look.width else [head, f"  {split}", f"  {phase}"]


def _rest(service: Plain, zone: tzinfo | None) -> str:
    release = f" ({service['stable_release']})" if service["stable_release"] else ""
    serves = f"{service['stable']} serves all users{release}"
    last = service["deployment"]
    if last is None:
        return f"{serves}; no deployment yet"
    ended = f" at {moment(last['ended'], zone)}" if last["ended"] is not None else ""
    return f"{serves}; {last['release']} {spoken(last['phase'])}{ended}"


def _decisive(service: Plain) -> list[Plain]:
    """The candidate's instances and those of rules that cannot tell colours apart."""
    deployment = service["deployment"]
    candidate = deployment["candidate"] if deployment else None
    return [each for each in service["rules"] if each["colour"] in (candidate, None)]


def _trouble_at_rest(service: Plain) -> list[str]:
    """Rules that are always on, as far as they have something to say."""
    told = [each for each in service["rules"] if each["colour"] in (service["stable"], None)]
    return [f"{each['name']} {rules.state(each)}" for each in told if each["level"] != "inactive"]


def _rule(view: Plain, service: Plain, rule: Plain, look: Look) -> Iterator[str]:
    state = rules.state(rule)
    source = next((each for each in service["sources"] if each["name"] == rule["source"]), None)
    last = source["last"] if source else None
    said = rules.line(
        rule,
        required=bool(source and source["required"]),
        silent_for=None if last is None else view["now"] - last,
        zone=look.zone,
    )
    if rule["on_fire"] in ("observe", "freeze", "escalate"):
        said += f" [{'observed only' if rule['on_fire'] == 'observe' else rule['on_fire'] + 's'}]"
    shown = look.paint(f"{state:{STATE_WIDTH}}", STATE_COLOURS.get(state, ""))
    if look.width < NARROW:
        yield f"  {rule['name'][: look.width - STATE_WIDTH - 4]:{NAME_WIDTH}}{shown.rstrip()}"
        yield from (f"    {line}" for line in wrap(said, look.width - 4))
        return
    room = look.width - NAME_WIDTH - STATE_WIDTH - 2
    first, *others = wrap(said, room)
    yield f"  {rule['name']:{NAME_WIDTH}}{shown}{first}"
    yield from (f"{' ' * (2 + NAME_WIDTH + STATE_WIDTH)}{line}" for line in others)


def _indented(texts: Iterable[str], width: int) -> Iterator[str]:
    for text in texts:
        yield from (f"  {line}" for line in wrap(text, width - 2, "  "))
