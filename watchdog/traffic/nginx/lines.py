"""Lines that must stand where the operator passes requests to our pool: the shield's, and the session cookie's.

What lives here: which they are, which are missing, and the preparation's word on it. What must not: the other traps of
a location (`location`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from watchdog.core.model import Check
from watchdog.traffic.nginx import places, tree
from watchdog.traffic.nginx.findings import Findings
from watchdog.traffic.nginx.places import Place
from watchdog.traffic.nginx.tree import Node
from watchdog.traffic.nginx.values import ServiceNginx, variable

FAILURES: Final = ("error", "timeout", "http_500", "http_502", "http_503", "http_504")
"""What is asked of stable again. `non_idempotent` is not among it: a POST that failed may have done its work."""

_NEXT: Final = "proxy_next_upstream"
_TRIES: Final = "proxy_next_upstream_tries"
_SHIELD: Final = "shield"
_SESSIONS: Final = "sessions stay on their colour"


def next_upstream() -> str:
    """The shield's line."""
    return f"{_NEXT} {' '.join(FAILURES)};"


def cookie_line(service: str) -> str:
    """What gives the session cookie; also with an error's answer, which can be a session's first."""
    return f"add_header Set-Cookie {variable(service, 'cookie')} always;"


def review(place: Place, setup: ServiceNginx, findings: Findings) -> None:
    """What `nginx show` says of one place."""
    block = place.node.parent
    if block is None:
        return
    if not setup.no_shield:
        for node, line in _shield_missing(block, setup):
            _put(place, node, line, findings)
    if setup.sessions_in_memory and not _gives_cookie(block, setup.service):
        # Beside the others of its level: a header in an inner level would switch off all of the outer one.
        headers = block.effective("add_header")
        near = headers[0] if headers else place.node
        findings.add(near.where, f'beside "{near.text};" add', cookie_line(setup.service))


def _put(place: Place, node: Node | None, line: str, findings: Findings) -> None:
    if node is not None:
        findings.add(node.where, f'change "{node.text};" to', line)
        return
    location = next(level for level in place.node.levels() if level.name not in {"proxy_pass", "if"})
    if location is place.node.parent:
        findings.add(place.node.where, f'beside "{place.node.text};" add', line)
    else:  # nginx takes neither of the two in an `if`
        findings.add(location.where, f'in "{location.text}" add', line)


def _shield_missing(block: Node, setup: ServiceNginx) -> list[tuple[Node | None, str]]:
    """Each line that is not in force for a block, with the directive of the same level that it replaces."""
    location = next(level for level in block.levels() if level.name != "if")
    missing: list[tuple[Node | None, str]] = []
    present = block.effective(_NEXT)
    if not present or set(present[0].args) != set(FAILURES):
        missing.append((next(iter(location.own(_NEXT)), None), next_upstream()))
    tries = block.effective(_TRIES)
    if not tries or not _enough(tries[0], setup.tries):
        missing.append((next(iter(location.own(_TRIES)), None), f"{_TRIES} {setup.tries};"))
    return missing


def _enough(node: Node, tries: int) -> bool:
    """0 is nginx's word for no limit."""
    try:
        found = int(node.args[0])
    except (IndexError, ValueError):
        return False
    return found == 0 or found >= tries


def _gives_cookie(block: Node, service: str) -> bool:
    headers = block.effective("add_header")
    wanted = ("set-cookie", variable(service, "cookie"), "always")
    return any((node.args[0].lower(), *node.args[1:]) == wanted for node in headers if node.args)


def checks(main: Path, setup: ServiceNginx) -> Sequence[Check]:
    """What the operator's files say at preparation. Reads them; OSError.

    Without the shield users see what the candidate fails, and everything else holds: told, no reason to stop. Without
    its cookie every request is a new session, which a step would move: a reason to stop.
    """
    if setup.no_shield and not setup.sessions_in_memory:
        return (_no_shield(setup),)
    root, problems = tree.parse(main)
    http = next(iter(root.own("http")), None)
    found = [] if http is None else [place for place in places.find(http, setup) if place.ours]
    if not found:
        pool = variable(setup.service, "pool")
        return unread(setup, "; ".join((f"no proxy_pass to {pool} can be read in nginx's files", *problems[:1])))
    blocks = [place.node.parent for place in found if place.node.parent is not None]
    return (_shield(setup, blocks), *([_sessions(setup, blocks)] if setup.sessions_in_memory else []))


def unread(setup: ServiceNginx, why: str) -> Sequence[Check]:
    """What is said where the operator's files could not be read."""
    shield = _no_shield(setup) if setup.no_shield else Check(name=_SHIELD, ok=True, detail=f"not known: {why}")
    return (shield, *([Check(name=_SESSIONS, ok=False, detail=why)] if setup.sessions_in_memory else []))


def _no_shield(setup: ServiceNginx) -> Check:
    return Check(name=_SHIELD, ok=True, detail=f"not in force: {setup.no_shield}")


def _shield(setup: ServiceNginx, blocks: Sequence[Node]) -> Check:
    if setup.no_shield:
        return _no_shield(setup)
    without = [f"{block.where} lacks {line}" for block in blocks for _, line in _shield_missing(block, setup)]
    if without:
        told = (
            f"not in force, so users see what the candidate fails: {' '.join(without)} Ask rollback-watchdog nginx show"
        )
        return Check(name=_SHIELD, ok=True, detail=told)
    return Check(
        name=_SHIELD, ok=True, detail="in a canary step stable answers what the candidate fails, but for POST and PATCH"
    )


def _sessions(setup: ServiceNginx, blocks: Sequence[Node]) -> Check:
    without = [block.where for block in blocks if not _gives_cookie(block, setup.service)]
    if without:
        line = cookie_line(setup.service)
        told = f"a step would end sessions: {', '.join(without)} lacks {line} Ask rollback-watchdog nginx show"
        return Check(name=_SESSIONS, ok=False, detail=told)
    return Check(name=_SESSIONS, ok=True, detail="an answer that begins a session names its colour in a cookie")
