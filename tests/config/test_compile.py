from dataclasses import replace
from pathlib import Path

import pytest

from tests.config.helpers import GOOD, RULES, compiled
from watchdog.config.adapters import ContactSettings, HookSettings, NginxSettings
from watchdog.config.compile import compile_
from watchdog.config.forms import Expect
from watchdog.config.load import load
from watchdog.config.schema.sources.health import Health
from watchdog.config.sources.access_log import AccessLogSettings, RouteSettings
from watchdog.config.sources.health import HealthSettings, HealthTarget
from watchdog.config.words import HeaderValue, Secret, SenderUrl
from watchdog.core import conditions, settings
from watchdog.core.model import AfterRollback, Colour, Data, Missing, NoData, OnFire, Sessions


def test_a_file_becomes_the_cores_service() -> None:
    """Every default is applied; alpha belongs to the one sequential rule, the window (0) is left to the plan."""
    (service,) = compile_(load(str(GOOD))).environment.services

    assert (
        settings.Service(
            name="app",
            first_stable=Colour.BLUE,
            rules=(
                settings.Rule(
                    name="errors",
                    source="edge",
                    condition=conditions.SequentialRatio(
                        bad="errors",
                        total="requests",
                        limit=0.05,
                        alpha=0.001,
                        ride_out=3.0,
                        interval=0.25,
                        window=0.0,
                        min_effect=1.6 * 0.05,
                    ),
                    on_fire=OnFire.ROLLBACK,
                    warm_up=10.0,
                ),
                settings.Rule(
                    name="health",
                    source="health",
                    condition=conditions.Probe(signal="up", fall=3, rise=2),
                    on_fire=OnFire.ROLLBACK,
                    warm_up=10.0,
                ),
            ),
            sources=(
                settings.Source(name="edge", kind="access_log", interval=0.25, required=True),
                settings.Source(
                    name="health", kind="health", interval=2.0, required=True, probing=True, idle_factor=5.0
                ),
            ),
            policy=settings.AnyOf(),
            plan="canary",
            divert=True,
            traffic_source="edge",
            critical_routes=("login",),
            cool_down=60.0,
            budget=settings.Budget(rollbacks=3, within=3600.0),
            parachute_every=10.0,
            cuts_routes=True,
            routes=("login", "labs"),
        )
        == service
    )


def test_a_file_becomes_the_cores_environment() -> None:
    """Plans, escalation and the digest of the canonical text."""
    environment = compile_(load(str(GOOD))).environment

    assert ("test", 120.0, ()) == (environment.name, environment.blind_after, environment.chat)
    assert (settings.Escalation(level=2, after=0.0, repeat=60.0, contacts=("on-call",)),) == environment.escalation
    assert (
        settings.Plan(
            name="canary",
            steps=(
                settings.Step(weight=0.1, soak=900.0, gate=settings.Gate()),
                settings.Step(weight=1.0, soak=0.0, gate=settings.Gate()),
            ),
            bake=settings.Bake(at_least=1800.0),
        ),
    ) == environment.plans
    assert 64 == len(environment.digest)


def test_alpha_is_shared_by_the_sequential_rules_that_roll_back(tmp_path: Path) -> None:
    """A rule that only freezes takes no share of the promise about rollbacks."""
    (service,) = compiled(
        tmp_path,
        "rules:\n"
        "  slow: {sequential_ratio: {bad: edge.slow, total: edge.requests, limit: 5%}, on_fire: rollback}\n"
        "  writes: {sequential_ratio: {bad: edge.writes, total: edge.requests, limit: 50%}, on_fire: freeze}\n"
        "services: {app: {rules: [errors, slow, writes, health], alpha: 0.4%}}\n",
    ).environment.services
    shares = {r.name: r.condition.alpha for r in service.rules if isinstance(r.condition, conditions.SequentialRatio)}

    assert 0.004 == service.alpha
    assert {"errors": 0.002, "slow": 0.002, "writes": 0.002} == shares


def test_min_effect_stays_below_what_the_test_can_find(tmp_path: Path) -> None:
    """1.6 times a limit of 40 % would be beyond the largest alternative; what the file says comes first."""
    for text, effect in (("limit: 40%", 0.59), ("limit: 10%", 0.16), ("min_effect: 7%", 0.07)):
        (service,) = compiled(tmp_path, f"rules: {{errors: {{sequential_ratio: {{{text}}}}}}}\n").environment.services
        condition = service.rules[0].condition
        assert isinstance(condition, conditions.SequentialRatio)
        assert pytest.approx(effect) == condition.min_effect


def test_a_window_of_its_own_wins_over_the_plan(tmp_path: Path) -> None:
    """The promise is then for that time."""
    (service,) = compiled(tmp_path, "rules: {errors: {sequential_ratio: {window: 2h}}}\n").environment.services
    condition = service.rules[0].condition

    assert isinstance(condition, conditions.SequentialRatio)
    assert 7200.0 == condition.window


def test_a_trial_lasts_as_long_as_the_longest_ride_out(tmp_path: Path) -> None:
    """Without any the usual 3 s."""
    for ride_out, trial in (("5s", 5.0), ("0s", 3.0)):
        text = f"rules: {{errors: {{sequential_ratio: {{ride_out: {ride_out}}}}}}}\n"
        (service,) = compiled(tmp_path, text).environment.services
        assert trial == service.trial


def test_a_threshold_becomes_its_condition(tmp_path: Path) -> None:
    """A share with its window, and a gauge with its hysteresis."""
    (service,) = compiled(
        tmp_path,
        "rules:\n"
        '  lag: {threshold: {clear: "< 500ms", for: 15s, clear_for: 1m}, no_data: {timeout: fire, empty: ok}}\n'
        "  share:\n"
        "    threshold: {value: 'edge.slow[labs]', total: 'edge.requests[labs]', when: '> 20%', over: 1m,"
        " min_events: 50, matches: 3 of 5}\n"
        "    on_fire: freeze\n"
        "    always: true\n"
        "services: {app: {rules: [errors, health, lag, share]}}\n",
    ).environment.services
    lag, share = service.rules[2:]

    assert (
        conditions.Threshold(
            value="seconds",
            when=conditions.Bound(op=">", limit=1.0, unit="duration"),
            clear=conditions.Bound(op=">=", limit=0.5, unit="duration"),
            for_=15.0,
            clear_for=60.0,
            interval=2.0,
        )
        == lag.condition
    )
    assert (True, False) == (lag.slow, lag.always)
    assert [NoData.FIRE, NoData.OK, NoData.HOLD] == [
        lag.on_missing(missing) for missing in (Missing.TIMEOUT, Missing.EMPTY, Missing.NAN)
    ]
    assert (
        conditions.Threshold(
            value="slow[labs]",
            total="requests[labs]",
            when=conditions.Bound(op=">", limit=0.2, unit="share"),
            clear=conditions.Bound(op=">", limit=0.2, unit="share"),
            matches=3,
            out_of=5,
            over=60.0,
            min_events=50,
            interval=0.25,
        )
        == share.condition
    )
    assert (True, True) == (share.slow, share.always)


def test_rules_on_latency_are_slow_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    """Their warm-up applies after every step."""
    (service,) = compiled(
        tmp_path,
        "rules:\n"
        "  p95: {sequential_ratio: {bad: edge.slow, total: edge.requests, limit: 5%}, on_fire: rollback}\n"
        "  p96: {sequential_ratio: {bad: edge.slow, total: edge.requests, limit: 5%}, on_fire: rollback, slow: false}\n"
        "services: {app: {rules: [errors, p95, p96, health]}}\n",
    ).environment.services

    assert {"errors": False, "p95": True, "p96": False, "health": False} == {r.name: r.slow for r in service.rules}


def test_a_services_own_keys_reach_the_core(tmp_path: Path) -> None:
    """Each of them changes its value."""
    environment = compiled(
        tmp_path,
        "blind_after: 5m\n"
        "chat: [on-call]\n"
        "sources: {health: {required: false}}\n"
        "services:\n"
        "  app: {stable: green, policy: all, on_suspect: pause, divert_for: 20s, stable_warm: 5m, keep_stable: 1h,"
        " resume: human}\n"
        "plans: {canary: {steps: [{weight: 100%, soak: 1m, gate: {requests: 5, per_critical_route: 6}}],"
        " bake: {at_least: 1m, requests: 7}}}\n",
    ).environment
    (service,), (plan,) = environment.services, environment.plans

    assert (300.0, ("on-call",)) == (environment.blind_after, environment.chat)
    assert [True, False] == [source.required for source in service.sources]
    assert (Colour.GREEN, settings.AnyOf(all_=True), False, 20.0, 300.0, 3600.0, True) == (
        service.first_stable,
        service.policy,
        service.divert,
        service.divert_for,
        service.stable_warm,
        service.keep_stable,
        service.resume_by_human,
    )
    assert settings.Step(weight=1.0, soak=60.0, gate=settings.Gate(requests=5, per_critical_route=6)) == plan.steps[0]
    assert settings.Bake(at_least=60.0, requests=7) == plan.bake


def test_a_policy_of_some_names_its_rules(tmp_path: Path) -> None:
    """They are the service's rollback rules."""
    text = 'services: {app: {policy: "2 of [errors, health]"}}\n'

    assert (
        settings.AnyOf(at_least=2, rules=("errors", "health"))
        == compiled(tmp_path, text).environment.services[0].policy
    )


def test_a_policy_may_have_parts(tmp_path: Path) -> None:
    """As deep as the file says."""
    text = (
        "rules: {slow: {sequential_ratio: {bad: edge.slow, total: edge.requests, limit: 5%}, on_fire: rollback}}\n"
        "services: {app: {rules: [errors, health, slow], policy: health or (errors and slow)}}\n"
    )

    assert (
        settings.AnyOf(rules=("health",), parts=(settings.AnyOf(rules=("errors", "slow"), all_=True),))
        == compiled(tmp_path, text).environment.services[0].policy
    )


def test_an_observing_rule_stands_in_for_an_armed_one(tmp_path: Path) -> None:
    """For one that rolls back, unless the file says otherwise or the source cannot tell the colours apart."""
    for text, instead_of in (("observe", OnFire.ROLLBACK), ("observe, instead_of: freeze", OnFire.FREEZE)):
        (service,) = compiled(
            tmp_path, f"rules: {{lag: {{on_fire: {text}}}}}\nservices: {{app: {{rules: [errors, health, lag]}}}}\n"
        ).environment.services
        assert (OnFire.OBSERVE, instead_of) == (service.rules[2].on_fire, service.rules[2].instead_of)


def test_an_observing_rule_on_shared_data_stands_in_for_a_freeze(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could never roll back; it has one instance for both colours."""
    specs = {name: replace(spec, of_data=True) for name, spec in Health.CATALOGUE.items()}
    monkeypatch.setattr(Health, "CATALOGUE", specs)
    (service,) = compiled(
        tmp_path,
        "rules: {health: {on_fire: freeze}}\nservices: {app: {rules: [errors, health, lag]}}\n",
    ).environment.services

    assert [(True, OnFire.ROLLBACK), (False, OnFire.FREEZE), (False, OnFire.FREEZE)] == [
        (rule.per_colour, rule.instead_of) for rule in service.rules
    ]


def test_the_access_log_counts_users_even_if_no_rule_reads_it(tmp_path: Path) -> None:
    """The gate and the proof need it; then it is a source of the service too."""
    result = compiled(tmp_path, "services: {app: {rules: [health]}}\n")
    (service,) = result.environment.services

    assert "edge" == service.traffic_source
    assert ["health", "edge"] == [source.name for source in service.sources]


def test_the_adapters_get_plain_settings() -> None:
    """Access log, health checks, nginx, contacts and sockets, with every default applied."""
    result = compile_(load(str(GOOD)))
    (service,) = result.services

    assert (
        AccessLogSettings(
            name="edge",
            slow=2.0,
            routes=(
                RouteSettings(name="login", path="/login", critical=True, long=False),
                RouteSettings(name="labs", path="/labs", critical=False, long=False),
            ),
        )
        == service.edge
    )
    assert (
        NginxSettings(
            service="app",
            directory="/etc/nginx/rwd",
            main="/etc/nginx/nginx.conf",
            entry_url="http://127.0.0.1/",
            entry_host="127.0.0.1",
            test=("nginx", "-t"),
            reload=("nginx", "-s", "reload"),
            dump=("nginx", "-T"),
            pool=(),
            drain=60.0,
            own_userid=False,
            shield=None,
            in_memory=False,
            blue=("127.0.0.1:8081",),
            green=("127.0.0.1:8082",),
        )
        == service.router
    )
    assert (ContactSettings(name="on-call", url=SenderUrl(credential="on-call-url")),) == result.contacts
    assert ("/var/lib/rollback-watchdog", "/var/lib/rollback-watchdog/edge.sock") == (result.state, result.edge_socket)
    assert "/run/rollback-watchdog/control.sock" == result.control_socket
    assert [None] * 3 == [result.operators, result.viewers, result.edge_group]


def test_groups_are_taken_as_they_are_named(tmp_path: Path) -> None:
    """Who may give orders, who may read, who writes the access log."""
    result = compiled(tmp_path, "control: {operators: release-managers, viewers: staff}\nedge: {group: www-data}\n")

    assert ("release-managers", "staff", "www-data") == (result.operators, result.viewers, result.edge_group)


def test_a_health_check_is_filled_in_for_each_colour(tmp_path: Path) -> None:
    """`$colour` in path, headers and name; every server has its address; a credential is read at run time."""
    (service,) = compiled(
        tmp_path,
        "sources:\n"
        "  health:\n"
        "    health:\n"
        "      path: /$colour/health\n"
        "      expect: {status: UP}\n"
        "      scheme: https\n"
        "      tls: {ca: /etc/ca.pem, server_name: '${colour}.example', verify: true}\n"
        "      headers: {X-Colour: is $colour, Authorization: {credential: token}}\n"
        "services: {app: {colours: {green: {server: ['a:1', 'b:2']}}}}\n",
    ).services
    token = HeaderValue(credential="token")

    assert (
        HealthSettings(
            name="health",
            service="app",
            poll=2.0,
            timeout=2.0,
            verify=True,
            ca="/etc/ca.pem",
            expect=Expect(json=(("status", "UP"),)),
            targets=(
                HealthTarget(
                    colour=Colour.BLUE,
                    urls=("https://127.0.0.1:8081/blue/health",),
                    headers=(("X-Colour", Secret(literal="is blue")), ("Authorization", token)),
                    server_name="blue.example",
                ),
                HealthTarget(
                    colour=Colour.GREEN,
                    urls=("https://a:1/green/health", "https://b:2/green/health"),
                    headers=(("X-Colour", Secret(literal="is green")), ("Authorization", token)),
                    server_name="green.example",
                ),
            ),
        ),
    ) == service.sources
    assert "health" == service.direct


def test_nginx_with_another_main_file_is_called_with_it(tmp_path: Path) -> None:
    """Unless the commands are given."""
    keys = "{main: /srv/n.conf, reload: [systemctl, reload, nginx], entry: {host: a}}"
    nginx = compiled(tmp_path, f"services: {{app: {{router: {{nginx: {keys}}}}}}}\n").services[0].router
    assert isinstance(nginx, NginxSettings)

    assert ("nginx", "-t", "-c", "/srv/n.conf") == nginx.test
    assert ("nginx", "-T", "-c", "/srv/n.conf") == nginx.dump
    assert ("systemctl", "reload", "nginx") == nginx.reload
    assert "a" == nginx.entry_host


def test_the_source_that_asks_stable_can_be_named(tmp_path: Path) -> None:
    """Also one that no rule reads: it is then a source of the service."""
    result = compiled(tmp_path, "sources: {ready: {health: {path: /ready}}}\nservices: {app: {health: ready}}\n")

    assert "ready" == result.services[0].direct
    assert ["health", "ready"] == [health.name for health in result.services[0].sources]
    assert ["edge", "health", "ready"] == [source.name for source in result.environment.services[0].sources]


def test_the_shipped_production_file_compiles() -> None:
    """Its sequential rules that roll back share the budget; the lab's rule judges its route alone."""
    (service,) = compile_(load(str(RULES / "production.yml"))).environment.services
    sharing = [
        rule
        for rule in service.rules
        if isinstance(rule.condition, conditions.Sequential) and rule.on_fire is OnFire.ROLLBACK
    ]
    (condition,) = (rule.condition for rule in service.rules if rule.name == "lab-results")

    assert isinstance(condition, conditions.SequentialRatio)
    assert ("errors[lab-results]", 0.001 / len(sharing)) == (condition.bad, condition.alpha)
    assert "lab-results" in service.critical_routes


def test_what_stands_in_a_rollbacks_way_reaches_the_core(tmp_path: Path) -> None:
    """Interlocks, groups, commands and tasks; each differs from its default."""
    result = compiled(
        tmp_path,
        "shadow: true\n"
        "budget: {rollbacks: 2, within: 5m}\n"
        "services:\n"
        "  app:\n"
        "    data: per_colour\n"
        "    writes_may_be_lost: true\n"
        "    sessions: in_memory\n"
        "    session_drain: 2h\n"
        "    cool_down: 5m\n"
        "    budget: {rollbacks: 1, within: 1d}\n"
        "    rollback_with: [other]\n"
        "    candidate_after_rollback: stop\n"
        "    hooks:\n"
        "      after_rollback:\n"
        "        warm: {argv: [/bin/warm, --all], deadline: 1m, idempotent: true}\n"
        "        clear: {argv: [/bin/clear]}\n"
        "      stop: {argv: [/bin/stop]}\n"
        "    by_hand: {repair: flyway repair}\n"
        "    maintenance: /run/maintenance\n"
        "    router: {nginx: {drain: 90s, shield: false}}\n"
        "  other:\n"
        "    stable: blue\n"
        "    data: shared\n"
        "    sessions: shared\n"
        "    budget: none\n"
        '    colours: {blue: {server: "127.0.0.1:8091"}, green: {server: "127.0.0.1:8092"}}\n'
        "    router: {nginx: {directory: /etc/nginx/rwd}}\n"
        "    rules: [errors, health]\n"
        "    plan: canary\n",
    )
    app, other = result.environment.services

    assert settings.Budget(rollbacks=2, within=300.0) == result.environment.budget
    assert (True, True) == (app.shadow, other.shadow)
    assert (Data.PER_COLOUR, True, Sessions.IN_MEMORY, False) == (
        app.data,
        app.writes_may_be_lost,
        app.sessions,
        app.divert,
    )
    assert (Data.SHARED, False, Sessions.SHARED, True) == (
        other.data,
        other.writes_may_be_lost,
        other.sessions,
        other.divert,
    )
    assert (300.0, 90.0, ("other",)) == (app.cool_down, app.drain, app.rollback_with)
    assert (settings.Budget(rollbacks=1, within=86_400.0), None) == (app.budget, other.budget)
    assert (settings.Hook(name="warm", idempotent=True), settings.Hook(name="clear")) == app.after_rollback
    assert (AfterRollback.STOP, settings.Hook(name="stop")) == (app.candidate_after_rollback, app.stop_candidate)
    assert (settings.Task(name="repair", command="flyway repair"),) == app.tasks
    adapters = result.services[0]
    assert (
        HookSettings(name="warm", argv=("/bin/warm", "--all"), deadline=60.0, idempotent=True),
        HookSettings(name="clear", argv=("/bin/clear",), deadline=30.0, idempotent=False),
        HookSettings(name="stop", argv=("/bin/stop",), deadline=30.0, idempotent=False),
    ) == adapters.hooks
    assert ("/run/maintenance", None) == (adapters.maintenance, result.services[1].maintenance)
    nginx = adapters.router
    assert isinstance(nginx, NginxSettings)
    assert (False, True) == (nginx.shield, nginx.in_memory)
    assert (7200.0, 0.0) == (app.session_drain, other.session_drain)


@pytest.mark.parametrize("keys", ["data: per_colour", "sessions: in_memory", "on_suspect: pause"])
def test_there_is_no_divert_where_a_change_of_colour_hurts(tmp_path: Path, keys: str) -> None:
    """Each is enough; it need not be written."""
    (service,) = compiled(tmp_path, f"services: {{app: {{{keys}}}}}\n").environment.services

    assert not service.divert


def test_one_service_can_be_in_shadow(tmp_path: Path) -> None:
    """And without any of it none is, and there is a budget across services."""
    (service,) = compiled(tmp_path, "services: {app: {shadow: true}}\n").environment.services
    environment = compile_(load(str(GOOD))).environment

    assert (True, False) == (service.shadow, environment.services[0].shadow)
    assert settings.Budget(rollbacks=3, within=600.0) == environment.budget
    assert compiled(tmp_path, "budget: none\n").environment.budget is None


def test_a_rule_in_shadow_observes_in_place_of_what_is_written(tmp_path: Path) -> None:
    """It has no part of alpha: that is about rollbacks."""
    (service,) = compiled(
        tmp_path,
        "rules:\n"
        "  errors: {shadow: true}\n"
        "  more: {sequential_ratio: {bad: edge.slow, total: edge.requests, limit: 5%}, on_fire: rollback}\n"
        "  lag: {on_fire: freeze, shadow: true}\n"
        "services: {app: {rules: [errors, more, health, lag]}}\n",
    ).environment.services
    errors, more, _, lag = service.rules

    assert (OnFire.OBSERVE, OnFire.ROLLBACK) == (errors.on_fire, errors.instead_of)
    assert (OnFire.OBSERVE, OnFire.FREEZE) == (lag.on_fire, lag.instead_of)
    assert isinstance(more.condition, conditions.SequentialRatio)
    assert 0.001 == more.condition.alpha


def test_levels_have_their_own_times(tmp_path: Path) -> None:
    """On-call at once and every minute, the others later and more seldom, unless the file says otherwise."""
    three = "{level: 2, contacts: [on-call]}, {level: 3, contacts: [on-call]}, {level: 4, contacts: [on-call]}"
    usual = compiled(tmp_path, f"escalation: [{three}]\n").environment.escalation
    own = compiled(
        tmp_path,
        "escalation: [{level: 2, repeat: 0s, contacts: [on-call]}, {level: 4, after: 1m, repeat: 2m, "
        "contacts: [on-call]}]\n",
    ).environment.escalation

    assert [(2, 0.0, 60.0), (3, 300.0, 300.0), (4, 900.0, 300.0)] == [
        (level.level, level.after, level.repeat) for level in usual
    ]
    assert [(2, 0.0, 0.0), (4, 60.0, 120.0)] == [(level.level, level.after, level.repeat) for level in own]
