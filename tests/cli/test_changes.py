"""Before and after of each command."""

from typing import Any

import pytest

from tests.text import views
from watchdog.cli import changes


def service(**different: Any) -> views.Data:
    return views.service(deployment=views.deployment(**different))


def test_rollback() -> None:
    """Both colours with what they have and what they will have, and whose name is kept."""
    assert "osun-his: green 50 % -> 0 %, blue 50 % -> 100 %. 4.2.0 is marked rolled back by ops." == changes.rollback(
        views.service(), "ops"
    )


def test_rollback_anyway_names_what_it_passes() -> None:
    """The interlock that stands in the way is said before it is passed."""
    blocked = views.service(deployment=views.blocked("schema", "unknown"))
    unasked = service(level_1=False, level_1_off="schema", schema="incompatible")

    assert changes.rollback(blocked, "ops", anyway=True).endswith(
        "Every interlock is passed, also this one: schema is unknown."
    )
    assert changes.rollback(unasked, "ops", anyway=True).endswith("schema is incompatible.")
    assert changes.rollback(views.service(), "ops", anyway=True).endswith(" Every interlock is passed.")


def test_rollback_before_the_first_shift() -> None:
    """Nobody was moved, so nothing is moved back."""
    assert "osun-his: 4.2.0 ends before any user is moved; nothing else changes." == changes.rollback(
        service(phase="preparing"), "ops"
    )


def test_pause() -> None:
    """What goes on, where it will stand still, and that rollback stays armed."""
    assert (
        "osun-his: soaking 6:40 of 15:00, then 100 % -> stands still at 50 % on green. Rollback stays armed."
        == changes.pause(views.service())
    )


def test_resume_tells_what_it_lifts_and_what_it_cannot() -> None:
    """Holds that end by themselves are not promised."""
    held = service(holds=[views.hold("human", "human", "lunch"), views.hold("parachute", "not_prepared", "disk")])

    assert (
        "osun-his: 4.2.0 goes on, without: paused: lunch. What still holds it: a rollback would not work now: disk."
        == changes.resume(held)
    )
    assert "osun-his: 4.2.0: nothing that a human may lift holds it." == changes.resume(service())


def test_resume_after_the_last_divert_moves_users() -> None:
    """Letting the candidate in again is said with its share."""
    cut = service(
        holds=[views.hold("human", "third_divert")],
        divert={"number": 3, "cut": True, "until": None, "trial_until": None},
    )

    assert "green 0 % -> 50 % for a trial" in changes.resume(cut)


def test_promote() -> None:
    """What the gate lacks, and what follows."""
    waiting = service(phase="waiting", lacks=["120 of 200 requests on green"])

    assert (
        "osun-his: the gate is passed (it lacks: 120 of 200 requests on green); green 50 % -> 100 % as soon as its "
        "soak is over." == changes.promote(waiting)
    )
    assert "then promoted" in changes.promote(service(phase="baking", step=2))


def test_promote_past_a_rule_that_fires_says_what_users_get() -> None:
    """While the service is disarmed the step is taken at once, so what fails is said before."""
    disarmed = views.service(deployment=views.blocked("disarmed", "ada: load test"), rules=[views.fired()])

    assert (
        "osun-his: the gate is passed although 82 % of requests on green fail; green 50 % -> 100 % at once, without "
        "the rest of its soak." == changes.promote(disarmed)
    )


def test_acknowledge() -> None:
    """Only open incidents that nobody has taken over, or the one that was named."""
    incidents = [
        views.incident("schema"),
        views.incident("blind", acknowledged_by="ops"),
        views.incident("drift", open=False),
        views.incident("rule_freezes"),
    ]
    suffering = views.service(incidents=incidents)

    assert "(schema, rule freezes)" in changes.acknowledge(suffering, None)
    assert "(schema)" in changes.acknowledge(suffering, incidents[0]["id"])
    assert "(nothing is open)" in changes.acknowledge(views.service(), None)


def test_adopt_prints_both() -> None:
    """What is remembered and what the balancer says."""
    said = "remembered: blue 100 %; the router says: green 100 %, stable blue"
    drifted = views.service(deployment=None, adopted=False, drift=said)

    assert (
        "osun-his: remembered: blue 100 %; the router says: green 100 %, stable blue -> what the balancer does is "
        "taken as the truth. No user is moved." == changes.adopt(drifted)
    )


def test_stop_the_line() -> None:
    """For how many services and how long; letting go says who had stopped it."""
    stopped = views.view(stopped={"by": "ops", "because": "drill", "until": None})

    assert "of 1 service -> none for 30m." in changes.stop_the_line(views.view(), release=False, span="30m")
    assert "-> none until it is released." in changes.stop_the_line(views.view(), release=False, span=None)
    assert "is stopped by ops (drill) ->" in changes.stop_the_line(stopped, release=True, span=None)
    assert "is not stopped ->" in changes.stop_the_line(views.view(), release=True, span=None)


@pytest.mark.parametrize(
    "change",
    [
        changes.pause,
        changes.resume,
        changes.promote,
        lambda s: changes.rollback(s, "x"),
        lambda s: changes.hold(s, 0.1),
        lambda s: changes.divert(s, "login", end=False),
    ],
)
def test_without_a_deployment(change: Any) -> None:
    """Nothing is under way, and that is what is said."""
    assert "osun-his: no deployment is under way." == change(views.service(deployment=None))


def test_reload_names_the_file() -> None:
    """Which file, and which configuration it would replace."""
    assert (
        "production: configuration 0123456789ab -> what /etc/rollback-watchdog/production.yml says now, if it is right."
        == changes.reload(views.view())
    )


def test_waive() -> None:
    """What counts now, what will count for nothing and for how long; twice is told with the first."""
    well = views.service(rules=[views.ratio(needed=False), views.probe()])
    after = "counts for nothing for 30 min; it goes on measuring and counts again by itself."
    assert f"osun-his: error-rate counts -> {after}" == changes.waive(well, "error-rate", 1800.0)

    waived = views.service(deployment=views.deployment(waived=[views.waiver()]))
    before = changes.waive(waived, "error-rate", 1800.0)
    assert before.startswith("osun-his: error-rate is waived by ada until ")
    assert before.endswith(f": a known bug -> {after}")


def test_a_waiver_of_the_last_rule_says_so() -> None:
    """Nothing would roll back by itself any more."""
    last = views.service(rules=[views.ratio(needed=True)])

    said = changes.waive(last, "error-rate", 60.0)
    assert said.endswith(" No rule is left that could roll back: level 1 is off as long as that lasts.")
    assert "level 1" not in changes.waive(last, "health", 60.0)


def test_unwaive() -> None:
    """It counts again at once; one that was not waived counts already."""
    waived = views.service(deployment=views.deployment(waived=[views.waiver()]))
    assert changes.waive(waived, "error-rate", 0.0).endswith(": a known bug -> counts again at once.")
    assert "osun-his: error-rate counts already -> counts again at once." == changes.waive(
        views.service(), "error-rate", 0.0
    )
    assert "osun-his: no deployment is under way." == changes.waive(views.service(deployment=None), "error-rate", 60.0)


def test_forgive() -> None:
    """A mark goes."""
    known = views.service(known_bad=["4.2.0"])
    assert "osun-his: 4.2.0 known bad -> may be deployed again." == changes.forgive(known, "4.2.0")


def test_disarm() -> None:
    """For how long, what goes on all the same, and by whom it is disarmed already."""
    ada = {"since": views.NOW, "until": views.NOW + 60, "by": "ada", "because": "load test"}
    disarmed = views.service(disarmed=ada)

    assert (
        "osun-his: armed -> no automatic rollback and no divert for 30 min, whatever fires. It goes on watching and "
        "telling; a rollback by hand works." == changes.disarm(views.service(), 1_800.0)
    )
    assert changes.disarm(disarmed, 0.0).startswith("osun-his: disarmed by ada until ")
    assert changes.disarm(disarmed, 0.0).endswith(" -> automatic rollbacks and diverts act again at once.")


def test_hold() -> None:
    """Both colours with what they have and what they will have."""
    assert (
        "osun-his: green 50 % -> 10 %, blue 50 % -> 90 %, and it stays there until resume. Rollback stays armed."
        == changes.hold(views.service(), 0.1)
    )


def test_divert() -> None:
    """One route's users, and nobody else's."""
    routes = {"cuts_routes": True, "routes": ["login"]}
    cut = views.service(deployment=views.deployment(routes_cut=["login"]), **routes)

    assert (
        "osun-his: users of login drawn like the others (50 % to green) -> all on blue. Other routes stay as they are."
        == changes.divert(views.service(**routes), "login", end=False)
    )
    assert "users of login all on blue -> drawn like the others (50 % to green)." in changes.divert(
        cut, "login", end=True
    )


def test_did() -> None:
    """Whose word it is; what was done before."""
    done = views.task(done={"at": views.NOW, "by": "bob", "because": ""})

    assert (
        "osun-his: flyway-repair not done -> done by ada. I run nothing; it is your word that is kept."
        == changes.did(service(tasks=[views.task()]), "flyway-repair", "ada")
    )
    assert "flyway-repair done by bob at " in changes.did(service(tasks=[done]), "flyway-repair", "ada")


def test_drill() -> None:
    """That the running balancer is touched, and that nobody is moved."""
    assert changes.drill(views.service()).endswith("a message marked as drill. green keeps 50 %.")
    assert changes.drill(views.service(deployment=None)).endswith(" all users stay.")
