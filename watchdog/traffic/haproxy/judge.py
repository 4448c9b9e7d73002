"""What HAProxy says against what was ordered: in force, lost, by a stranger's hand.

What lives here: pure judgements over what is remembered and what was read. What must not: orders, sockets.
"""

from dataclasses import replace
from typing import Final

from watchdog.core.model import BrakeKind, Colour, Split
from watchdog.traffic.base import InForce
from watchdog.traffic.haproxy.shares import Weights, share_of, weigh
from watchdog.traffic.haproxy.states import Known
from watchdog.traffic.memory import Remembered

_SAME_SHARE: Final = 0.001


def weights(split: Split, known: Known) -> Weights:
    """What every server gets for a split."""
    return weigh(split.weight, known.configured(split.candidate), known.configured(split.stable))


def rests(split: Split, colour: Colour) -> bool:
    """Whether a split leaves a colour without users, those who persist included."""
    return split.weight == 0.0 if colour is split.candidate else split.promoted


def cut_off(order: Remembered, colour: Colour) -> bool:
    """Whether no request may reach a colour: by a brake, or because it has no users."""
    return rests(order.split, colour) or (order.brake is not None and colour is order.split.candidate)


def by_hand(before: Remembered | None, known: Known, colour: Colour) -> bool:
    """Whether a stranger keeps users from a colour. Where the last order does so too nobody can tell."""
    ours = before is not None and cut_off(before, colour)
    return not ours and known.kept_away(colour)


def not_in_force(order: Remembered, known: Known) -> str:
    """What HAProxy says otherwise after an order; empty when all is as ordered."""
    wanted = weights(order.split, known)
    for colour in Colour:
        if cut_off(order, colour) and not known.cut(colour):
            return f"HAProxy does not keep every server of {colour} from requests"
        for server in known.servers[colour]:
            if server.weight != wanted.of[server.name]:
                return f"server {server.name} has weight {server.weight}, not {wanted.of[server.name]}"
    return ""


def by_weight(candidate: Colour, known: Known) -> float | None:
    """The candidate's share by weights alone, whatever the states are."""
    given = {server.name: server.weight for colour in Colour for server in known.servers[colour]}
    names = {colour: [server.name for server in known.servers[colour]] for colour in Colour}
    return share_of(given, names[candidate], names[candidate.other])


def said(split: Split, known: Known) -> str:
    """The share that is really in force, in words."""
    words = f"{split.candidate} has {100 * (by_weight(split.candidate, known) or 0.0):.2f} % by weight"
    down = [server.name for colour in Colour for server in known.servers[colour] if server.down and not server.cut]
    return f"{words}; HAProxy holds {', '.join(down)} for down" if down else words


def lost(last: Remembered, known: Known) -> str:
    """What must be put back: towards stable only, and only after a rollback or by a restart of HAProxy."""
    restarted = bool(last.process) and known.process != last.process
    candidate = last.split.candidate
    opened = any(cut_off(last, colour) and not known.cut(colour) for colour in Colour)
    if opened and last.brake is BrakeKind.ROLLBACK:
        how = "HAProxy was restarted or reloaded" if restarted else "somebody or an agent readied a server"
        return f"{how} and {candidate} was open to users though it is rolled back"
    if not restarted:
        return ""
    if opened:
        return "HAProxy was restarted or reloaded and lost which servers get no users"
    share = known.share(candidate)
    if share is not None and share > weights(last.split, known).share + _SAME_SHARE:
        return f"HAProxy was restarted or reloaded and gave {100 * share:.1f} % to {candidate}"
    return ""


def in_force(last: Remembered | None, known: Known, detail: str = "") -> InForce:
    """What the router says to the outside."""
    if last is None:
        return _without_memory(known)
    candidate = last.split.candidate
    kind = last.brake if known.cut(candidate) else None
    if kind is None and by_hand(last, known, candidate):
        kind = BrakeKind.HAND
    same = _same(last.split, known)
    agents = [server.name for colour in Colour for server in known.servers[colour] if server.agent]
    details = [detail] if detail else []
    if agents:
        details.append(f"agent-check of {', '.join(agents)} is at work and may overwrite weights and states")
    if not same:
        details.append("the weights are not those of our last order")
    return InForce(
        split=last.split if same else seen_split(last.split, known),
        braked=kind,
        braked_colour=candidate if kind is not None else None,
        detail="; ".join(details),
    )


def _same(split: Split, known: Known) -> bool:
    if split.weight == 0.0 and known.cut(split.candidate):
        return True
    share = by_weight(split.candidate, known)
    if share is None or abs(share - weights(split, known).share) > _SAME_SHARE:
        return False
    return split.weight == 0.0 or not known.kept_away(split.stable) or split.promoted


def seen_split(split: Split, known: Known) -> Split | None:
    """The split as it is; None when nobody gets users."""
    share = known.share(split.candidate)
    return None if share is None else replace(split, weight=share, promoted=False)


def _without_memory(known: Known) -> InForce:
    """The colour that has everything counts as stable; if none has, blue does."""
    share = known.share(Colour.GREEN)
    if share is None:
        return InForce(split=None, detail="HAProxy lets users go to no server of either colour")
    stable = Colour.GREEN if share == 1.0 else Colour.BLUE
    split = Split(stable=stable, candidate=stable.other, weight=0.0 if share == 1.0 else share, salt="")
    return InForce(split=split, detail="no order of ours is remembered; read from HAProxy's weights")
