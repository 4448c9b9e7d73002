"""The words of every message, from views made by hand and from the engine's own."""

import inspect
import re

import pytest

from tests.core.world import World
from tests.text import views
from tests.text.views import NOW, ZONE, Data
from watchdog.cli.main import parser as operator_parser
from watchdog.control import view as viewing
from watchdog.control.view import Moment
from watchdog.core import incidents
from watchdog.core.model import Schema
from watchdog.core.reasons import Reason
from watchdog.notify import words
from watchdog.notify.words.shapes import SHAPES


def told(incident: Data, *, repetition: int = 0, **service: object) -> words.Message:
    """The message of one incident of osun-his."""
    view = views.view(views.service(incidents=[incident], **service))
    return words.message(view, "osun-his", incident["id"], repetition, zone=ZONE)


def whole(message: words.Message) -> str:
    return f"{message.title}\n{message.body}"


def test_a_proved_rollback() -> None:
    """Nothing is to be decided; what users saw, why, how long it took, and how the release may come again."""
    message = told(
        views.incident("proved_by_traffic", open=False, resolved=NOW, deployment="osun-his-1"),
        deployment=views.rolled_back(),
        rules=[views.fired(), views.ratio(colour="blue")],
        known_bad=["4.2.0"],
    )

    assert """\
[NO ACTION] osun-his 4.2.0 rolled back; all traffic is on blue since 09:14:56 (08:14:56 UTC), proved.
Why    error-rate: 36 of 44 requests to green failed since 09:14:56; at least 53 % (99.9 % anytime confidence), \
limit 5 %. blue: 0 of 430.
Users  36 saw an error. Exposure was 10 % (2.4 requests/s).
Took   fault to decision about 3.7 s, decision to last request on green 8 ms, proof 2.0 s.
State  green is left running for you to look at. 4.2.0 will not be accepted again until: \
rollback-watchdog forgive 4.2.0 --because "..."
More   rollback-watchdog explain osun-his""" == whole(message)


def test_requests_of_our_own_are_no_users() -> None:
    """What they met is evidence; nobody is said to have suffered it."""
    message = told(
        views.incident("proved_by_traffic", open=False, resolved=NOW, deployment="osun-his-1"),
        deployment=views.rolled_back(),
        rules=[views.fired(signal="failures[login]")],
    )

    assert "error-rate: 36 of 44 requests to green on route login failed" in whole(message)
    assert "Users  Exposure was 10 % (2.4 requests/s)." in whole(message)


def test_a_rollback_after_a_divert_says_when_users_were_off_first() -> None:
    """What users met ended with the first cut, long before the decision."""
    onset = views.rolled_back()["rollback"]["onset"]
    message = told(
        views.incident("proved_by_traffic", open=False, resolved=NOW, deployment="osun-his-1"),
        deployment=views.rolled_back(diverts=1, first_cut=onset + 0.4),
        rules=[views.fired()],
    )

    assert "Took   fault to first cut about 0.4 s, fault to decision about 3.7 s, " in whole(message)


def test_a_rollback_that_may_not_be_done() -> None:
    """Users suffer and the program may not act: exposure, who is next, every way out, and the one without us."""
    message = told(
        views.incident("schema", rules=["error-rate"], detail="unknown", needs_decision=True, next=NOW + 60),
        deployment=views.blocked("schema", "unknown", schema="unknown", level_1=False),
        rules=[views.fired()],
        exposure={
            "weight": 0.5,
            "candidate_per_second": 12.0,
            "stable_per_second": 12.0,
            "failures_per_second": 4.0,
        },
    )

    assert """\
[DECIDE NOW] osun-his 4.2.0: 82 % of requests on green fail, and I did not roll back: schema is unknown.
Why    error-rate: 36 of 44 requests to green failed since 09:14:56; at least 53 % (99.9 % anytime confidence), \
limit 5 %. blue: 0 of 430.
Now    50 % of users are on green (12 requests/s, about 4 errors/s). Nothing changes until somebody decides. \
Next: on-call at 09:16:00.
Ways   rollback-watchdog rollback osun-his --anyway --because "..."   all traffic to blue (blue may not know the \
new schema)
       rollback-watchdog ack osun-his                                 stop these messages; changes nothing else
By hand, if I am dead: touch /var/lib/rollback-watchdog/brake/osun-his.green
More   rollback-watchdog explain osun-his""" == whole(message)


def test_a_repetition_says_so() -> None:
    """The second message is told apart from the first."""
    message = told(
        views.incident("schema", rules=["error-rate"], detail="unknown", needs_decision=True),
        repetition=1,
        deployment=views.blocked("schema", "unknown"),
    )

    assert message.title.endswith("schema is unknown. (message 2)")


def test_a_message_that_comes_after_the_end_needs_nobody() -> None:
    """An incident that was resolved before its message went out is told as over, whatever it asked for."""
    message = told(
        views.incident("rule_freezes", rules=["health"], needs_decision=True, open=False, resolved=NOW),
        deployment=views.deployment(),
    )

    assert message.title.startswith("[NO ACTION] Over since 09:15:00: osun-his 4.2.0 stands still at 50 %")
    assert [] == [line for line in message.body.splitlines() if line.startswith(("Now", "Ways"))]


@pytest.mark.parametrize(
    ("reason", "tag", "says"),
    [
        ("stop_the_line", "[DECIDE NOW]", "It rolls back by itself when the line is released."),
        ("stable_down", "[DECIDE NOW]", "blue does not answer direct probes"),
        ("common_cause", "[DECIDE NOW]", "blue fails too"),
        ("known_bad", "[DECIDE NOW]", "which was rolled back on proof"),
        ("switch_failed", "[DECIDE NOW]", "the rollback failed: the balancer did not take the order"),
        ("proof_failed", "[DECIDE NOW]", "live traffic does not show that blue alone answers"),
        ("rule_freezes", "[DECIDE NOW]", "Progression stands still; rollback stays armed."),
        ("third_divert", "[DECIDE NOW]", "nothing is proved"),
        ("rebooted", "[DECIDE NOW]", "lb1 was rebooted in mid-deployment"),
        ("step_failed", "[CHECK TODAY]", "green keeps 50 %"),
        ("brake_failed", "[CHECK TODAY]", "the brake of green could not be moved"),
        ("promotion_failed", "[CHECK TODAY]", "the roles could not be swapped"),
        ("rule_suspicious", "[NO ACTION]", "only proof makes a rollback"),
        ("drift", "[CHECK TODAY]", "rollback-watchdog adopt osun-his"),
        ("not_durable", "[CHECK TODAY]", "A rollback goes ahead all the same"),
        ("rule_escalates", "[CHECK TODAY]", "fires; nothing was done about it"),
        ("blind", "[CHECK TODAY]", "I do not roll back because of blindness"),
        ("evidence_wanting", "[CHECK TODAY]", 'rollback-watchdog promote osun-his --because "..."'),
        ("retry", "[DECIDE NOW]", "the rollback failed"),
        ("brand_new", "[DECIDE NOW]", "osun-his 4.2.0: brand new (detail)."),
    ],
)
def test_every_reason_has_its_shape(reason: str, tag: str, says: str) -> None:
    """The tag says whether to get up, the text what is the matter; the brake by hand is in each of them."""
    message = told(
        views.incident(reason, rules=["error-rate"], detail="detail", needs_decision=tag == "[DECIDE NOW]"),
        deployment=views.deployment(wanted=views.wanted(blocked=reason)),
        rules=[views.fired()],
    )

    assert message.title.startswith(tag)
    assert says in whole(message)
    assert "touch /var/lib/rollback-watchdog/brake/osun-his.green" in message.body


def test_every_incident_that_can_open_has_a_shape() -> None:
    """The engine's table of incidents names no reason that falls through to the general shape."""
    source = inspect.getsource(incidents._opens) + inspect.getsource(incidents.watch)
    source += inspect.getsource(incidents._watch_sight) + inspect.getsource(incidents._watch_gate)
    named = {Reason[name].value for name in re.findall(r"Reason\.([A-Z_]+)", source)}
    blocks = {str(reason) for reason in incidents._BLOCKS}

    assert {"proved_by_traffic", "third_divert", "blind"} <= named
    assert set() == (named | blocks) - set(SHAPES)


def test_every_command_in_a_message_exists() -> None:
    """Whatever a message tells somebody to type is a command of this version, with its arguments."""
    commands = set()
    for reason in (*SHAPES, "brand_new"):
        message = told(
            views.incident(reason, rules=["error-rate"], detail="detail", needs_decision=True),
            deployment=views.deployment(),
            known_bad=["4.2.0"],
        )
        commands |= set(re.findall(r"rollback-watchdog ((?:\S+ ?)+)", whole(message)))

    assert len(commands) >= 6
    for command in commands:
        typed = command.split("  ")[0].replace('"..."', "reason").split()
        if typed[0].startswith("-") or not typed[0].isascii():
            continue
        operator_parser(typed).parse_args(typed)


def test_a_message_without_deployment_has_no_brake() -> None:
    """Outside deployments nobody is on the candidate."""
    message = told(views.incident("drift", detail="remembered: blue 100 %", deployment=""), deployment=None)

    assert "touch" not in message.body
    assert message.body.endswith("More   rollback-watchdog status osun-his")


def test_a_rule_that_is_always_on_speaks_of_stable() -> None:
    """Outside deployments the instance that has something to say is stable's."""
    message = told(
        views.incident("rule_escalates", rules=["health"], deployment=""),
        deployment=None,
        rules=[views.probe(), views.probe(colour="blue", level="firing", in_a_row=3, last_detail="timeout")],
    )

    assert message.title == "[CHECK TODAY] osun-his: health fires; nothing was done about it."
    assert message.body.startswith("Why    health: 3 failures in a row, 3 decide, last: timeout.\nMore")


def test_another_deployment_is_not_mixed_in() -> None:
    """An incident of an earlier deployment does not show the numbers of the present one."""
    message = told(views.incident("drift", detail="x", deployment="osun-his-0"), deployment=views.deployment())

    assert "4.2.0" not in whole(message)


@pytest.mark.parametrize("service", ["osun-his", "gone"])
def test_an_incident_that_is_not_known_any_more(service: str) -> None:
    """The key is all that is left, and the message says so instead of failing."""
    message = words.message(views.view(), service, "osun-his-1/schema/7", 0)

    assert message.title == f"[CHECK TODAY] {service}: something was to be told that is no longer known."
    assert "osun-his-1/schema/7" in message.body


def test_notes_of_a_rollback() -> None:
    """Warnings, stragglers and earlier diverts are told below."""
    message = told(
        views.incident("proved_by_traffic", open=False, resolved=NOW),
        deployment=views.rolled_back(
            diverts=2, rollback=views.rollback(warnings=["the reload failed behind a working brake"], stragglers=1)
        ),
    )

    assert (
        "Notes  the reload failed behind a working brake.\n"
        "       green had been cut off on suspicion before (2 diverts): users met it for less time.\n"
        "       1 request that had begun before ended on green afterwards." in message.body
    )


def test_a_rollback_by_hand() -> None:
    """A human's rollback names the human, and claims no fault."""
    message = told(
        views.incident("proved_by_traffic", open=False, resolved=NOW),
        deployment=views.rolled_back(rollback=views.rollback(by="ops", rules=[], onset=None)),
    )

    assert "Why    ordered by ops." in message.body
    assert "fault to decision" not in message.body
    assert "forgive" not in message.body


def test_the_engines_own_incidents_make_messages() -> None:
    """A real deployment with an unknown schema that fails gives the message that asks for a decision."""
    world = World().begin().submit(schema=Schema.UNKNOWN, watched_by="ops")
    world.run(15.0)
    world.share_bad[world.deployment.candidate] = 0.9
    world.run(20.0)
    view = views.view() | viewing.whole(world.state, Moment(now=world.now, to_wall=float))
    opened = [each for each in world.shop.incidents.values() if each.needs_decision]

    messages = [words.message(view, "shop", each.id, each.told, zone=ZONE) for each in opened]

    assert ["[DECIDE NOW] shop 2.0"] == [message.title[:21] for message in messages]
    assert "schema is unknown" in messages[0].title
