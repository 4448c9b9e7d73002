"""Folding what people and rules said beside a verdict: waivers, what an observing rule would have asked, a passed gate.

What lives here: pure replacements of values, one function per kind of record. What must not: deciding.
"""

from dataclasses import replace

from watchdog.core import records
from watchdog.core.evolve_deployment import deployment_of, with_deployment
from watchdog.core.model import Seconds
from watchdog.core.state import ServiceState, State, Waiver, WouldHave


def rule_waived(_state: State, service: ServiceState, body: records.RuleWaived, at: Seconds) -> ServiceState:
    """A rule counts for nothing; a waiver before this one is replaced."""
    deployment = deployment_of(service)
    waiver = Waiver(since=at, until=body.until, by=body.by, because=body.because)
    return with_deployment(service, replace(deployment, waived={**deployment.waived, body.rule: waiver}))


def waiver_ended(_state: State, service: ServiceState, body: records.WaiverEnded, _at: Seconds) -> ServiceState:
    """A rule counts again."""
    deployment = deployment_of(service)
    left = {rule: waiver for rule, waiver in deployment.waived.items() if rule != body.rule}
    return with_deployment(service, replace(deployment, waived=left))


def would_have_asked(_state: State, service: ServiceState, body: records.WouldHaveAsked, at: Seconds) -> ServiceState:
    """What an observing rule would have asked for is remembered, with how often."""
    deployment = deployment_of(service)
    before = deployment.would_have.get(body.rule, WouldHave(ask=body.ask, first=at, last=at, times=0))
    now = replace(before, ask=body.ask, last=at, times=before.times + 1)
    instances = dict(service.instances)
    for name in (body.rule, f"{body.rule}@{deployment.candidate}"):
        if name in instances:
            instances[name] = replace(instances[name], noted=True)
    service = replace(service, instances=instances)
    return with_deployment(service, replace(deployment, would_have={**deployment.would_have, body.rule: now}))


def gate_passed(_state: State, service: ServiceState, _body: records.GatePassed, _at: Seconds) -> ServiceState:
    """A human passed the present step's gate."""
    return with_deployment(service, replace(deployment_of(service), gate_passed=True))
