"""The keys of a file of scenarios. Every field says what it means, with its unit and default.

What lives here: the models. What must not: anything that happens (`scenario` builds it, `expectations` judges it).
Times are from the start of the daemon, which is the start of the scenario.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from watchdog.config.errors import wrong
from watchdog.config.schema.base import Complaint, Model, listed
from watchdog.config.units import Duration, Share
from watchdog.config.words import Count, Flag, Name, Row, Text
from watchdog.core.effects import Audience
from watchdog.core.model import BrakeKind, Missing, Schema, Verdict
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.replay import orders, told
from watchdog.replay.behaviour import Answer
from watchdog.replay.series import SeriesError, parse
from watchdog.replay.told import Told
from watchdog.replay.world import Deed


class Side(StrEnum):
    """Whom a fault concerns: a colour, or the role that it has when the scenario begins."""

    BLUE = "blue"
    GREEN = "green"
    STABLE = "stable"
    CANDIDATE = "candidate"
    BOTH = "both"


class Gone(StrEnum):
    """How a source is missing: its readings say why, or it is silent, or its log is dead without a word."""

    EMPTY = "empty"
    NAN = "nan"
    ERROR = "error"
    TIMEOUT = "timeout"
    STALE = "stale"
    SILENT = "silent"
    DEAD = "dead"


def _rate(value: object) -> float:
    try:
        rate = float(value) if isinstance(value, str) else -1.0
    except ValueError:
        rate = -1.0
    if not 0.0 <= rate <= 10_000.0:  # noqa: PLR2004 - named in the message
        raise wrong(value, "requests per second from 0 to 10000, such as 40")
    return rate


def _series(value: object) -> str:
    if not isinstance(value, str):
        raise wrong(value, "values such as 0x20 5x10 _x3")
    try:
        parse(value)
    except SeriesError as error:
        raise ValueError(str(error)) from error
    return value


def _told(value: object) -> Told:
    if not isinstance(value, str):
        raise wrong(value, told.WANTED)
    return told.parse(value)


Rate = Annotated[float, PlainValidator(_rate)]
ToldText = Annotated[Told, PlainValidator(_told)]
SeriesText = Annotated[str, PlainValidator(_series)]


class Point(Model):
    """One point of a curve; between points the rate changes evenly."""

    at: Duration = Field(description="Time of the point.")
    rate: Rate = Field(description="Requests per second then.")


def _curve(value: Any) -> Any:
    return [{"at": "0s", "rate": value}] if isinstance(value, str) else value


class Traffic(Model):
    """What users do, and how the application usually fares."""

    rate: Annotated[tuple[Point, ...], BeforeValidator(_curve), Field(min_length=1)] = Field(
        default=(Point.model_validate({"at": "0s", "rate": "40"}),),
        description="Requests per second: a number, or points as in `[{at: 0s, rate: 40}, {at: 10m, rate: 5}]`.",
    )
    errors: Share = Field(default=Share(0.002), description="Share of requests that usually fail.")
    slow: Share = Field(default=Share(0.005), description="Share of requests that usually take over the limit.")
    routes: dict[Name, Share] = Field(
        default={}, description="Share of requests of each route, such as `{login: 10%}`."
    )
    users: Row | None = Field(
        default=None,
        description="So many users take turns, each on its side of the draw. Left out: each request is drawn.",
    )

    def complaints(self) -> Iterator[Complaint]:
        """Points in order, shares within the whole."""
        times = [point.at for point in self.rate]
        if times != sorted(set(times)):
            yield ("rate",), "the points are not in the order of their times"
        if sum(self.routes.values()) > 1.0:
            yield ("routes",), "the shares are more than 100% together"


class Span(Model):
    """Some time."""

    from_: Duration = Field(default=Duration(0.0), alias="from", description="When it begins.")
    to: Duration | None = Field(default=None, description="When it is over. Left out: never.")

    def complaints(self) -> Iterator[Complaint]:
        """The end is after the beginning."""
        if self.to is not None and self.to <= self.from_:
            yield ("to",), f'found "{self.to}", wanted a time after "{self.from_}"'


class Fault(Span):
    """What is different on one side for a while; what it does not name stays as it is."""

    side: Side = Field(default=Side.CANDIDATE, description="candidate, stable, both, blue or green.")
    route: Name | None = Field(default=None, description="Only requests of this route. Left out: all.")
    errors: Share | None = Field(default=None, description="Share of requests that fail.")
    slow: Share | None = Field(default=None, description="Share of requests that take over the limit.")
    hang: Share | None = Field(default=None, description="Share of requests that end only when the balancer gives up.")
    health: Answer | None = Field(default=None, description="What the health page answers: up, down, timeout, refused.")
    signals: dict[str, ToldText] = Field(
        default={}, description="What signals of other sources say meanwhile, as in the scenario's `signals`."
    )


class Outage(Span):
    """A source of which nothing can be learnt for a while."""

    source: Name = Field(description="The source.")
    missing: Gone = Field(
        description="empty, nan, error, timeout or stale: what its readings are; silent: no readings; "
        "dead: a log that no longer arrives, zeros at first and stale once that is noticed."
    )


class Failure(Model):
    """Effects that do not work."""

    effect: Deed = Field(
        description="prepare, step, promotion, switch, brake, release, proof, probe, observe, recheck, rehearse, route,"
        " hook, drain or notify."
    )
    times: Row = Field(default=1, description="How many of them in a row.")
    from_: Duration = Field(default=Duration(0.0), alias="from", description="The first one is after this time.")
    takes: Duration | None = Field(default=None, description="How long each takes. Left out: as long as a working one.")
    behind_brake: Flag = Field(default=False, description="For `switch`: the brake works, the rest does not.")
    detail: Text = Field(default="failed by the scenario", description="What is said of it.")


class Kill(Model):
    """The daemon dies in the middle of an effect and is started again."""

    effect: Deed = Field(description="At which kind of effect.")
    when: Literal["before", "after", "unrecorded"] = Field(
        default="before",
        description="before: recorded, not done. after: done, outcome lost. unrecorded: done, record lost.",
    )
    number: Row = Field(default=1, description="At which one of them.")
    down: Duration = Field(default=Duration(1.0), description="How long until it is started again.")


class Values(Model):
    """A series that begins later."""

    from_: Duration = Field(default=Duration(0.0), alias="from", description="The first value is of this poll.")
    values: SeriesText = Field(description="One value per poll, such as `0x20 5x10 _x3 stale`.")


def _values(value: Any) -> Any:
    return {"values": value} if isinstance(value, str) else value


SeriesOf = Annotated[Values, BeforeValidator(_values)]


class Deploy(Model):
    """A release is submitted."""

    release: Text = Field(default="2.0.0", description="Name of the release.")
    plan: Name | None = Field(default=None, description="Name of the plan. Left out: the service's.")
    schema_: Schema = Field(
        default=Schema.UNCHANGED, alias="schema", description="unchanged, compatible, incompatible or unknown."
    )
    watched_by: Text | None = Field(default=None, description="Who watches when the daemon may not roll back.")


class Said(Model):
    """A command of a human."""

    because: Text | None = Field(default=None, description="The reason that is recorded.")


class RollbackBy(Said):
    """All traffic back to stable."""

    anyway: Flag = Field(default=False, description="Pass the interlocks.")


class StopTheLine(Said):
    """No automatic action."""

    for_: Duration | None = Field(
        default=None, alias="for", description="For how long. Left out: until it is released."
    )


class Forgive(Said):
    """A release is no longer known bad."""

    release: Text = Field(description="Name of the release.")


class Waive(Said):
    """A rule is taken out of the deployment for a while."""

    rule: Name = Field(description="Name of the rule.")
    for_: Duration = Field(alias="for", description="For how long; 0s: it counts again at once.")


class Down(Model):
    """The daemon, or with `reboot` the host, is away for a while."""

    down: Duration = Field(default=Duration(1.0), description="For how long.")


class StandStill(Model):
    """The daemon's process is stopped and continued."""

    for_: Duration = Field(alias="for", description="For how long.")


class HandBrake(Model):
    """Somebody touches the brake's file."""

    side: Side = Field(default=Side.CANDIDATE, description="Which side is cut off.")
    on: Flag = Field(default=True, description="false: the file is taken away.")


class Event(Model):
    """One thing that is done to the daemon."""

    ONE_OF: ClassVar[tuple[str, ...]] = (
        "deploy", "pause", "resume", "promote", "rollback", "abort", "stop-the-line", "release-the-line", "forgive",
        "acknowledge", "adopt", "waive", "hold", "divert", "disarm", "drill", "did", "restart",
        "reboot", "stand-still", "brake",
    )  # fmt: skip

    at: Duration = Field(description="When.")
    by: Text = Field(default="the operator", description="Whose command it is.")
    deploy: Deploy | None = Field(default=None, description="A release is submitted, such as `{release: 4.2.0}`.")
    pause: Said | None = Field(default=None, description="Progression stops.")
    resume: Said | None = Field(default=None, description="The holds that a human may lift go.")
    promote: Said | None = Field(default=None, description="The present step's gate is passed.")
    rollback: RollbackBy | None = Field(default=None, description="All traffic goes back to stable.")
    abort: Said | None = Field(default=None, description="The deployment ends.")
    stop_the_line: StopTheLine | None = Field(default=None, alias="stop-the-line", description="No automatic action.")
    release_the_line: Said | None = Field(
        default=None, alias="release-the-line", description="Automatic actions again."
    )
    forgive: Forgive | None = Field(default=None, description="A release is no longer known bad.")
    acknowledge: Said | None = Field(default=None, description="Every open incident is taken over.")
    adopt: Said | None = Field(default=None, description="What the router says is taken as the truth.")
    waive: Waive | None = Field(default=None, description="A rule counts for nothing for a while.")
    hold: orders.Hold | None = Field(default=None, description="The candidate gets less than its step's share.")
    divert: orders.Divert | None = Field(default=None, description="One route's users are kept from the candidate.")
    disarm: orders.Disarm | None = Field(default=None, description="No automatic rollback or divert for a while.")
    drill: orders.Drill | None = Field(default=None, description="A rollback is rehearsed.")
    did: orders.Did | None = Field(default=None, description="A prepared task was carried out by hand.")
    restart: Down | None = Field(default=None, description="The daemon crashes and is started again.")
    reboot: Down | None = Field(default=None, description="The host is away and comes back.")
    stand_still: StandStill | None = Field(
        default=None, alias="stand-still", description="The daemon's process is stopped and continued."
    )
    brake: HandBrake | None = Field(default=None, description="A human cuts a side off by hand.")


class Range(Model):
    """A duration between two others."""

    at_least: Duration = Field(default=Duration(0.0), description="Not shorter.")
    at_most: Duration | None = Field(default=None, description="Not longer. Left out: whatever.")


class Moment(Model):
    """How things stand at one moment; what is not named is not looked at."""

    phase: Phase | None = Field(default=None, description="Phase of the deployment.")
    step: Row | None = Field(default=None, description="Number of the step that is ordered or in force, from 1.")
    weight: Share | None = Field(default=None, description="The candidate's share in the router's file.")
    braked: BrakeKind | Literal["no"] | None = Field(default=None, description="divert, rollback, hand or no.")
    holds: Annotated[tuple[Hold, ...] | None, listed] = Field(
        default=None, description="Exactly these holds are on: rule, human, interlock, restart, parachute, divert."
    )
    rules: dict[str, str] = Field(
        default={},
        description="State or judgement of rules of the candidate, or of `RULE@stable`; `waived` for one that is.",
    )
    would_have: Annotated[tuple[Name, ...] | None, listed] = Field(
        default=None, description="Exactly these observing rules would have asked for something so far."
    )
    verdict: Verdict | None = Field(default=None, description="healthy, suspect, blind or failing.")
    soaked: Range | None = Field(default=None, description="Watched, healthy time of the step so far.")
    diverts: Count | None = Field(default=None, description="Diverts of the deployment so far.")
    stable: Side | None = Field(default=None, description="blue or green: which colour the daemon calls stable.")
    known_bad: Annotated[tuple[str, ...] | None, listed] = Field(
        default=None, description="Exactly these releases are known bad."
    )


class RolledBack(Model):
    """A rollback that was proved."""

    after: Duration = Field(description="When the fault began; nothing may have been ordered before.")
    within: Duration = Field(description="From then until no new request reaches the candidate.")
    cut_within: Duration | None = Field(
        default=None,
        description="From then until the candidate was cut off for the first time, by a divert or at once.",
    )
    proved_within: Duration | None = Field(default=None, description="From then until live traffic has proved it.")
    reason: Reason = Field(default=Reason.RULES_PROVED, description="Why it was ordered.")
    rules: Annotated[tuple[Name, ...] | None, listed] = Field(
        default=None, description="Exactly these rules were behind it."
    )


class Incident(Model):
    """Something that humans were told."""

    reason: Reason = Field(description="Why.")
    audience: Audience | None = Field(default=None, description="on_call or chat.")
    messages: Row | None = Field(default=None, description="How many messages went out for it.")
    needs_decision: Flag | None = Field(default=None, description="Whether it asks somebody to decide.")
    open: Flag | None = Field(default=None, description="Whether it is still open at the end.")


class Refusal(Model):
    """A command that was not carried out."""

    at: Duration | None = Field(default=None, description="When it was given.")
    reason: Reason = Field(description="Why.")


class Harmed(Model):
    """Users of the candidate who met an error."""

    at_most: Count = Field(description="No more than these.")


class Expect(Model):
    """What must have happened. Without `refused` no command may have been refused."""

    rolled_back: RolledBack | Literal["never"] | None = Field(
        default=None, description="never, or such as `{after: 60s, within: 10s}`."
    )
    diverts: Count | None = Field(default=None, description="Diverts in all.")
    at: dict[Duration, Moment] = Field(default={}, description="Moments, by time.")
    finally_: Moment | None = Field(default=None, alias="finally", description="How things stand at the end.")
    incidents: tuple[Incident, ...] | None = Field(
        default=None, description="Exactly these, in the order of their opening."
    )
    refused: tuple[Refusal, ...] = Field(default=(), description="Exactly these commands were refused, in order.")
    harmed: Harmed | None = Field(default=None, description="Users of the candidate who met an error.")


class Scenario(Model):
    """One story and its end."""

    says: Text = Field(description="What must happen, in one sentence.")
    service: Name | None = Field(default=None, description="The service. Left out: the environment's only one.")
    lasts: Duration = Field(description="How long the scenario is.")
    seed: Text = Field(default="1", description="Another seed draws other users.")
    traffic: Traffic | None = Field(default=None, description="What users do. Left out: as at the top of the file.")
    events: tuple[Event, ...] = Field(default=(), description="What is done to the daemon.")
    faults: tuple[Fault, ...] = Field(default=(), description="What goes wrong in the application.")
    outages: tuple[Outage, ...] = Field(default=(), description="What goes wrong with the sources.")
    failures: tuple[Failure, ...] = Field(default=(), description="What goes wrong with effects.")
    kills: tuple[Kill, ...] = Field(default=(), description="Where the daemon dies.")
    disk_full: tuple[Span, ...] = Field(default=(), description="When the journal cannot be written.")
    signals: dict[str, ToldText] = Field(
        default={},
        description="What other sources usually say, by SOURCE.SIGNAL, of both colours: a value such as 5, 80% or 2s "
        "(of a count: so many each poll, or scrape), or as many as users' requests: requests, errors, slow, writes, "
        "each also of a route. Added to those at the top of the file.",
    )
    series: dict[str, SeriesOf] = Field(
        default={}, description="Values by SOURCE.SIGNAL.COLOUR, in place of what the users of the scenario do."
    )
    expect: Expect = Field(description="What must have happened.")
    transcript: str | None = Field(default=None, description="Every decision; written by `test --write`.")


class Head(Model):
    """What holds for every scenario of the file."""

    traffic: Traffic = Field(default=Traffic(), description="What users do in every scenario that does not say.")
    signals: dict[str, ToldText] = Field(default={}, description="What other sources usually say in every scenario.")


def missing_of(gone: Gone) -> Missing | None:
    """What readings are in an outage; None: there are none."""
    if gone is Gone.SILENT:
        return None
    return Missing.STALE if gone is Gone.DEAD else Missing(gone)
