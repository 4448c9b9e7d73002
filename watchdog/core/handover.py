"""What is usual passes from one deployment to the next: who collects baselines, when, and who is given them.

Law of the module, and why:
* Only stable collects, and only while no deployment is under way: a candidate's readings, a failed release's and those
  of a time in which traffic was being moved are never called usual. It does so for every rule that needs a baseline,
  `always` or not, for otherwise there would be none when a release comes.
* When a deployment begins its record takes the baselines along, for both colours: observations from before it are not
  in the journal, so whoever folds the journal again finds them in the record. Until the end they stay as they are.
* After a promotion the new version collects its own, and the old version's baseline stands in until there is enough of
  it. The release most in need of a watch is the hurried fix right after a promotion; a baseline of the version before
  is nearly always closer to its normal than no baseline, and the rule's floor guards against the rest.
* A changed rule on the same gauge keeps its baseline: tuning `deviations` must not cost an hour of collecting.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

from watchdog.core import verdict
from watchdog.core.conditions import Spike
from watchdog.core.model import Colour, Seconds
from watchdog.core.rules import api, spike
from watchdog.core.rules.api import RuleState, SpikeState
from watchdog.core.rules.baseline import Baseline
from watchdog.core.rules.values import Sample
from watchdog.core.settings import Rule
from watchdog.core.state import Deployment, Instance, ServiceState

Baselines: TypeAlias = tuple[tuple[str, Baseline], ...]
"""By rule."""


def gathered(service: ServiceState) -> Baselines:
    """What a deployment that begins now takes along: stable's baselines, and those of rules without a colour."""
    return tuple(
        (instance.rule.name, instance.state.baseline)
        for name, instance in service.instances.items()
        if isinstance(instance.state, SpikeState) and _of(name, instance.rule, service.stable)
        if instance.state.baseline.points
    )


def given(instances: Mapping[str, Instance], baselines: Baselines) -> dict[str, Instance]:
    """The instances of a deployment that begins, each with its rule's baseline."""
    known = dict(baselines)
    return {
        name: _with(instance, known[instance.rule.name]) if instance.rule.name in known else instance
        for name, instance in instances.items()
    }


def inherited(rule: Rule, fresh: RuleState, old: Instance | None) -> RuleState:
    """The first state of a changed rule: with the baseline of the instance before it, where both read one gauge."""
    if old is None or not isinstance(fresh, SpikeState) or not isinstance(old.state, SpikeState):
        return fresh
    same = old.rule.source == rule.source and old.rule.condition.signals == rule.condition.signals
    return replace(fresh, baseline=old.state.baseline) if same else fresh


def collects(service: ServiceState, instance: Instance, name: str, sample: Sample) -> bool:
    """Whether a reading belongs to a baseline: stable's, from a time in which nothing was deployed."""
    condition = instance.rule.condition
    if not isinstance(condition, Spike) or not _of(name, instance.rule, service.stable):
        return False
    return _at_rest(service.deployment, sample.start - condition.lookback)


def collected(instance: Instance, sample: Sample) -> Instance:
    """The instance with one reading more in its baseline."""
    condition, state = instance.rule.condition, instance.state
    if not isinstance(condition, Spike) or not isinstance(state, SpikeState):
        return instance
    return _judged(replace(instance, state=spike.collect(condition, state, sample)))


def renewed(service: ServiceState, stable: Colour, at: Seconds) -> ServiceState:
    """The service when another colour becomes stable: what its instances hold is another version's from here on."""
    instances = dict(service.instances)
    for name, instance in service.instances.items():
        if isinstance(instance.state, SpikeState) and _of(name, instance.rule, stable):
            instances[name] = _with(instance, replace(instance.state.baseline, own_since=at))
    return replace(service, instances=instances)


def _at_rest(deployment: Deployment | None, start: Seconds) -> bool:
    if deployment is None:
        return True
    return deployment.ended_at is not None and start >= deployment.ended_at


def _of(name: str, rule: Rule, colour: Colour) -> bool:
    """Whether an instance judges that colour, or the service as a whole."""
    return not rule.per_colour or name == verdict.key(rule, colour)


def _with(instance: Instance, baseline: Baseline) -> Instance:
    state = instance.state
    return (
        _judged(replace(instance, state=replace(state, baseline=baseline)))
        if isinstance(state, SpikeState)
        else instance
    )


def _judged(instance: Instance) -> Instance:
    """With a baseline the rule applies, without one it does not."""
    return replace(instance, judgement=api.judgement(instance.rule, instance.state))
