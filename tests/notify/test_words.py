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
from watchdog.core import causes, incidents
from watchdog.core.model import Schema
from watchdog.core.reasons import Reason
from watchdog.notify import words
from watchdog.notify.words.shapes import SHAPES


def told(
    incident: Data, *, repetition: int = 0, level: int = 2, view: Data | None = None, **service: object
) -> words.Message:
    """The message of one incident of osun-his."""
    shown = views.view(views.service(incidents=[incident], **service), **(view or {}))
    return words.message(shown, "osun-his", incident["id"], repetition, level=level, zone=ZONE)


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
        deployment=views.blocked("schema", "unknown", schema="unknown", level_1=False, level_1_off="schema"),
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
       rollback-watchdog hold osun-his 10%                            most users to blue, keep some on green
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
        ("drift", "[CHECK TODAY]", "rollback-watchdog preflight osun-his"),
        ("not_durable", "[CHECK TODAY]", "A rollback goes ahead all the same"),
        ("rule_escalates", "[CHECK TODAY]", "fires; nothing was done about it"),
        ("blind", "[CHECK TODAY]", "I do not roll back because of blindness"),
        ("evidence_wanting", "[CHECK TODAY]", 'rollback-watchdog promote osun-his --because "..."'),
        ("retry", "[DECIDE NOW]", "the rollback failed"),
        ("budget", "[DECIDE NOW]", "I did not roll back: the budget for rollbacks is used up (detail)."),
        ("wave", "[DECIDE NOW]", "several services were rolled back just now, which has one cause (detail)."),
        ("writes_on_candidate", "[DECIDE NOW]", "green accepted writes that blue does not have (detail)."),
        ("disarmed", "[DECIDE NOW]", "rollback-watchdog disarm osun-his --end"),
        ("shadow", "[CHECK TODAY]", "I would have rolled back, and did nothing: shadow mode is on."),
        ("parachute_lost", "[CHECK TODAY]", "stands still at 50 %: a rollback would not work now (detail)."),
        ("parachute_lost", "[DECIDE NOW]", "rollback-watchdog preflight osun-his"),
        ("parachute_regained", "[NO ACTION]", "a rollback would work again"),
        ("disarm_over", "[NO ACTION]", "automatic rollback is armed again"),
        ("line_still_stopped", "[CHECK TODAY]", "rollback-watchdog stop-the-line --release"),
        ("stable_fails", "[DECIDE NOW]", "was rolled back, and blue fails with all users on it."),
        ("put_back", "[CHECK TODAY]", "the balancer had lost my last order (detail); I gave it again."),
        ("hook_failed", "[CHECK TODAY]", "a hook failed after the rollback (detail)"),
        ("outcome_unknown", "[CHECK TODAY]", "nobody knows how the hook detail ended"),
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


def test_a_promotion_that_waits_for_a_cut_route_names_the_command() -> None:
    """Passing the gate would not help, so it is not offered."""
    message = told(
        views.incident("evidence_wanting", detail="lab: users are kept from green"),
        deployment=views.deployment(phase="baking", step=2, routes_cut=["lab"]),
    )

    assert "rollback-watchdog divert osun-his lab --end" in message.body
    assert "promote" not in message.body


def test_every_incident_that_can_open_has_a_shape() -> None:
    """The engine's table of incidents names no reason that falls through to the general shape."""
    source = inspect.getsource(causes.opens) + inspect.getsource(causes._of_deployment)
    source += inspect.getsource(incidents.watch) + inspect.getsource(incidents._watch_stable)
    source += inspect.getsource(incidents._watch_sight) + inspect.getsource(incidents._watch_gate)
    named = {Reason[name].value for name in re.findall(r"Reason\.([A-Z_]+)", source)}
    blocks = {str(reason) for reason in causes.BLOCKS}

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
    assert "rollback-watchdog adopt osun-his" in message.body
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


HALF = {"weight": 0.5, "candidate_per_second": 12.0, "stable_per_second": 12.0, "failures_per_second": 4.0}
LEAD = {"level": 3, "contacts": ["DevOps lead"], "after": 300.0, "told": None}


def wrote() -> Data:
    """The candidate accepted a write a minute ago, and its rollback is blocked by that."""
    return views.blocked("writes_on_candidate", "seen in the balancer's log", wrote={"at": NOW - 60, "seen": True})


def test_a_rollback_that_would_lose_writes() -> None:
    """Since when, what would be lost, who is next, and every way out: the most thorough first."""
    lab = views.fired(name="errors-lab", signal="errors[lab-results]")
    login = views.ratio(name="errors-login", signal="errors[login]", bad=1.0, total=90.0)
    message = told(
        views.incident(
            "writes_on_candidate",
            rules=["error-rate"],
            needs_decision=True,
            next=NOW + 60,
            next_to=["DevOps lead"],
            levels=[LEAD],
        ),
        deployment=wrote(),
        rules=[views.fired(), login, lab],
        exposure=HALF,
        cuts_routes=True,
        routes=["lab-results", "login"],
    )

    assert """\
[DECIDE NOW] osun-his 4.2.0: 82 % of requests on green fail, and I did not roll back: green accepted writes since \
09:14:00 (08:14:00 UTC) that blue does not have.
Why    error-rate: 36 of 44 requests to green failed since 09:14:56; at least 53 % (99.9 % anytime confidence), \
limit 5 %. blue: 0 of 430.
Now    50 % of users are on green (12 requests/s, about 4 errors/s). Nothing changes until somebody decides. \
Next: DevOps lead at 09:16:00.
Ways   rollback-watchdog rollback osun-his --anyway --because "..."   all traffic to blue (what users wrote on green \
is not on blue)
       rollback-watchdog hold osun-his 10%                            most users to blue, keep some on green
       rollback-watchdog divert osun-his lab-results                  users of lab-results to blue, the others stay
       rollback-watchdog ack osun-his                                 stop these messages; changes nothing else
By hand, if I am dead: touch /var/lib/rollback-watchdog/brake/osun-his.green
More   rollback-watchdog explain osun-his""" == whole(message)


@pytest.mark.parametrize("reason", ["schema", "shadow"])
def test_a_blocked_rollback_tells_what_no_user_saw(reason: str) -> None:
    """Rules count the first try; whoever decides must know how much of it stable has answered."""
    shielded = views.blocked(reason, "unknown", users={"failed": 36, "shielded": 36, "saw": 0})
    plain = views.blocked(reason, "unknown", users={"failed": 36, "shielded": 0, "saw": 36})
    line = "\nUsers  36 requests failed on green; 36 were answered by blue instead, no user saw one.\n"

    assert line in told(views.incident(reason), deployment=shielded, rules=[views.fired()]).body
    assert "\nUsers" not in told(views.incident(reason), deployment=plain, rules=[views.fired()]).body


def test_a_drift_in_a_deployment_offers_what_is_accepted_then() -> None:
    """A deployment under way refuses `adopt`; what helps is a look at it, and the way back."""
    body = told(views.incident("drift", detail="x"), deployment=views.deployment()).body

    assert "rollback-watchdog preflight osun-his" in body
    assert "rollback-watchdog rollback osun-his" in body
    assert "adopt" not in body


def test_a_level_that_is_told_later_reads_everything_at_once() -> None:
    """Its first line is as complete as the first message's, and says who was told before and has not answered."""
    later = views.incident("schema", rules=["error-rate"], detail="unknown", needs_decision=True, opened=NOW - 300)
    third = told(later, level=3, repetition=2, deployment=views.blocked("schema", "unknown"), rules=[views.fired()])
    fourth = told(
        later | {"levels": [LEAD | {"told": NOW - 60}]},
        level=4,
        repetition=3,
        deployment=views.blocked("schema", "unknown"),
        rules=[views.fired()],
    )

    assert (
        "[DECIDE NOW] osun-his 4.2.0: 82 % of requests on green fail, and I did not roll back: schema is unknown. "
        "On-call was told at 09:10:00 and has not acknowledged." == third.title
    )
    assert fourth.title.endswith(
        "schema is unknown. On-call was told at 09:10:00, DevOps lead at 09:14:00; nobody has acknowledged."
    )


def test_levels_that_are_told_together_are_not_called_late() -> None:
    """A failed rollback goes to every level at once; without on-call there is nobody to name."""
    failed = views.incident("switch_failed", needs_decision=True)
    deployment = views.deployment(phase="rollback_failed", rollback=views.rollback(proved=None))

    assert told(failed, level=3, deployment=deployment).title.endswith("On-call is told at this moment, too.")
    assert "told" not in told(failed | {"contacts": []}, level=3, deployment=deployment).title
    nobody = failed | {"contacts": [], "opened": NOW - 300}
    assert told(nobody, level=3, deployment=deployment).title.endswith("Nobody was told before you.")


def test_a_failed_rollback_says_what_hands_can_do() -> None:
    """By kind of router: the daemon says which commands those are; without its word the brake's file."""
    failed = views.incident("switch_failed", detail="no master process", needs_decision=True)
    deployment = views.deployment(phase="rollback_failed", rollback=views.rollback(proved=None, attempts=2))
    ways = ['echo "set server shop/green state drain" | socat stdio /run/haproxy.sock', "/opt/rollback-to-blue.sh"]
    haproxy = told(failed, deployment=deployment, view={"by_hand": {"osun-his": {"green": ways}}})

    assert (
        """\
Hands  on lb1, as root, to move users to blue now; I notice it and prove it:
         echo "set server shop/green state drain" | socat stdio /run/haproxy.sock
         /opt/rollback-to-blue.sh
       then look: rollback-watchdog status osun-his
"""
        in haproxy.body
    )
    assert "if I am dead" not in haproxy.body
    assert "  touch /var/lib/rollback-watchdog/brake/osun-his.green\n" in told(failed, deployment=deployment).body


def test_a_proved_rollback_tells_users_apart_and_what_is_left() -> None:
    """Failed, shielded and seen; stragglers, open connections, hooks, and the tasks with the commands to copy."""
    message = told(
        views.incident("proved_by_traffic", open=False, resolved=NOW),
        deployment=views.rolled_back(
            users={"failed": 36, "shielded": 30, "saw": 6},
            hooks=[views.hook()],
            tasks=[views.task()],
            rollback=views.rollback(stragglers=1, straggling=["report, began 0.4 s before, took 2.0 s"], open=3),
        ),
        rules=[views.fired()],
        candidate_after_rollback="drain",
    )

    assert (
        """\
Users  36 requests failed on green; 30 were answered by blue instead, 6 were seen by users. Exposure was 10 % \
(2.4 requests/s).
"""
        in message.body
    )
    assert (
        """\
State  green is drained: what is open on it may end.
Notes  1 request that had begun before ended on green afterwards: report, began 0.4 s before, took 2.0 s.
       3 connections to green (websockets, streams, long polls) were open at the switch and go on until they end.
Hooks  hook flush-cache done at 09:14:59.
Tasks  for your hands; I never run these:
         flyway -configFiles=/etc/flyway.conf repair
         then: rollback-watchdog did osun-his flyway-repair
"""
        in message.body
    )


def test_a_rollback_with_another_service_says_with_which() -> None:
    """No rule of its own fired."""
    message = told(
        views.incident("proved_by_traffic", open=False, resolved=NOW),
        deployment=views.rolled_back(rollback=views.rollback(reason="rolled_back_with", rules=[])),
        goes_with=["osun-api"],
    )

    assert "Why    osun-api was rolled back, and osun-his goes with it." in message.body


@pytest.mark.parametrize(
    ("deployment", "service", "offered"),
    [
        ({}, {}, ["rollback", "hold", "ack"]),
        ({"in_force": {"weight": 0.1, "promoted": False}}, {}, ["rollback", "ack"]),
        ({"phase": "shifting"}, {"cuts_routes": True, "routes": ["login"]}, ["rollback", "ack"]),
        ({}, {"cuts_routes": True, "routes": ["login"]}, ["rollback", "hold", "divert", "ack"]),
        ({"routes_cut": ["login"]}, {"cuts_routes": True, "routes": ["login"]}, ["rollback", "hold", "ack"]),
        ({}, {"routes": ["login"]}, ["rollback", "hold", "ack"]),
    ],
)
def test_only_ways_that_would_work_are_offered(deployment: Data, service: Data, offered: list[str]) -> None:
    """No smaller share below the plan's first, no route where the router cannot, nothing of both in mid-shift."""
    message = told(
        views.incident("common_cause", rules=["error-rate"], needs_decision=True),
        deployment=views.blocked("common_cause", "detail", **deployment),
        rules=[views.fired()],
        **service,
    )

    assert offered == re.findall(r"rollback-watchdog (\S+) osun-his.*   ", message.body)


def test_without_counts_no_route_is_called_the_worst() -> None:
    """The reader puts the name in."""
    message = told(
        views.incident("common_cause", rules=["error-rate"], needs_decision=True),
        deployment=views.blocked("common_cause", "detail"),
        rules=[views.fired()],
        cuts_routes=True,
        routes=["login"],
    )

    assert "rollback-watchdog divert osun-his ROUTE " in message.body
    assert "users of that route to blue, the others stay" in message.body


@pytest.mark.parametrize("reason", ["stop_the_line", "budget", "wave", "disarmed"])
def test_what_stops_only_the_program_needs_no_anyway(reason: str) -> None:
    """A human's own order passes it, and still has stable asked first."""
    message = told(
        views.incident(reason, rules=["error-rate"], detail="detail", needs_decision=True),
        deployment=views.blocked(reason, "detail"),
        rules=[views.fired()],
    )

    assert "rollback-watchdog rollback osun-his  " in message.body
    assert "--anyway" not in message.body


def test_a_disarming_is_told_with_its_end_before_and_instead_of_a_rollback() -> None:
    """By whom, until when, why."""
    ada = {"since": NOW, "until": NOW + 1_800, "by": "ada", "because": "load test"}
    until = "automatic rollback is disarmed by ada until 09:45:00 (08:45:00 UTC): load test."
    begun = told(views.incident("disarmed"), deployment=views.deployment(), disarmed=ada)
    blocked = told(
        views.incident("disarmed", rules=["error-rate"], needs_decision=True),
        deployment=views.blocked("disarmed", "ada: load test"),
        rules=[views.fired()],
        disarmed=ada,
    )

    assert begun.title == f"[CHECK TODAY] osun-his 4.2.0: {until} I watch, and tell, and do nothing."
    assert blocked.title.endswith(f"fail, and I did not roll back: {until}")
    assert "rollback-watchdog disarm osun-his --end" in blocked.body


def test_a_stopped_line_is_told_by_whom_and_until_when() -> None:
    """It speaks of the environment, whichever service it is told with."""
    stopped = {"by": "ada", "because": "audit", "until": NOW + 3_600}
    message = told(views.incident("line_still_stopped"), deployment=None, view={"stopped": stopped})

    assert message.title.startswith("[CHECK TODAY] production: the line is stopped by ada (audit); no service")
    assert "It goes on by itself at 10:15:00 (09:15:00 UTC)." in message.body


def test_a_route_that_could_not_be_moved_is_not_the_brake() -> None:
    """The order of a human about one route failed; the brake of the colour is as it was."""
    detail = "route login could not be kept from green: no space left"
    message = told(views.incident("brake_failed", detail=detail), deployment=views.deployment())

    assert f"[CHECK TODAY] osun-his 4.2.0: {detail}." == message.title
    assert "rollback-watchdog resume osun-his" in message.body


def test_after_a_promotion_a_lost_way_back_holds_nothing() -> None:
    """Nothing stands still, since nothing is under way."""
    message = told(
        views.incident("parachute_lost", detail="disk: 3 MB left"),
        deployment=views.deployment(phase="promoted", in_force={"weight": 1.0, "promoted": True}),
    )

    assert "[CHECK TODAY] osun-his 4.2.0: a rollback would not work now (disk: 3 MB left)." == message.title
    assert "I look again every 10 s. If it fails, I try to roll back all the same." in message.body


def test_a_file_that_cannot_be_used() -> None:
    """The first mistakes, what is in force instead, who and what is left out, and what to do."""
    message = words.broken_file(
        "production",
        path="/etc/env.yml",
        problems="env.yml:3: a\nenv.yml:4: b\nenv.yml:5: c\nenv.yml:6: d",
        since="2026-03-01 12:00",
        contacts=("on-call",),
        sources=("metrics", "db"),
    )

    assert (
        "[CHECK TODAY] production: the environment file cannot be used; the last good one is in force." == message.title
    )
    assert [
        "Why    env.yml:3: a",
        "       env.yml:4: b",
        "       env.yml:5: c",
        "       and 1 more",
        "Now    Every service is guarded by the configuration of 2026-03-01 12:00; later changes are not in force.",
        "       Not told: on-call. The address stood in the file itself, and only there.",
        "       Not asked: metrics, db. A secret stood in the file itself, and only there.",
        "Ways   rollback-watchdog check /etc/env.yml",
        "       systemctl reload rollback-watchdog   puts the mended file in force",
    ] == message.body.splitlines()


def test_a_file_with_one_mistake_and_nothing_left_out() -> None:
    """No line is empty."""
    message = words.broken_file(
        "production", path="/etc/env.yml", problems="env.yml:3: a", since="then", contacts=(), sources=()
    )

    assert ["Why", "Now", "Ways", ""] == [line[:7].strip() for line in message.body.splitlines()]
