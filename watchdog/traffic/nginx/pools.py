"""Who goes where: the upstream blocks, the draw, and the map from a request to its pool.

What lives here: lines of `SERVICE.http.conf`, as pure functions of setup and split. What must not: the file as a whole.

With sessions in memory a cookie names deployment and colour of a session's first contact. Only a request without it
is drawn, so a weight moves new sessions alone. Sessions of earlier deployments are stable's, also at 100 %: they end
with the promotion, which gives the candidate everybody. Gate and brake come first, and give a fresh cookie.
"""

import hashlib

from watchdog.core.model import Colour, Split
from watchdog.traffic.nginx.values import METHODS, ServiceNginx, percentage, pool_prefix, upstream, variable

_DIGEST_CHARS = 12  # a deployment's id can be too long for a map's key


def canary(split: Split) -> bool:
    """Whether both colours have users by this split."""
    return 0.0 < split.weight < 1.0 and not split.promoted


def upstream_block(setup: ServiceNginx, colour: Colour, split: Split) -> str:
    """One colour's servers; those of a shielded candidate with stable's as backup.

    `max_fails=0`: or else one failure would silently send what follows to stable, unseen by the rules.
    """
    name = upstream(setup.service, colour)
    own = {line.split()[0]: line for line in setup.pool}
    zone = f"zone {name} {own['zone'].split()[-1]}" if "zone" in own else f"zone {name} 64k"
    methods = [line for word, line in own.items() if word in METHODS]
    kept = {"keepalive": "keepalive 32", "keepalive_timeout": "keepalive_timeout 4s"} | {
        word: line for word, line in own.items() if word.startswith("keepalive")
    }
    if colour is split.candidate and canary(split) and not setup.no_shield:
        servers = [f"server {server} max_fails=0" for server in setup.servers[colour]]
        servers += [f"server {server} max_fails=0 backup" for server in setup.servers[split.stable]]
    else:
        servers = [f"server {server}" for server in setup.servers[colour]]
    return f"upstream {name} {{ {'; '.join([zone, *methods, *servers, *kept.values()])}; }}"


def draw(split: Split) -> str:
    """The entries of split_clients."""
    if split.weight in (0.0, 1.0):  # `0%` is a syntax error for nginx
        return f"* {split.candidate if split.weight else split.stable};"
    return f"{percentage(split.weight)} {split.candidate}; * {split.stable};"


def pool(setup: ServiceNginx, split: Split) -> list[str]:
    """The lines that give a request its pool, and a name for stable's, for an operator's own `error_page`."""
    lines = _by_session(setup.service, split) if setup.sessions_in_memory else _by_user(setup.service, split)
    stable = upstream(setup.service, split.candidate if split.promoted else split.stable)
    return [*lines, f'map "" {variable(setup.service, "stable")} {{ default {stable}; }}']


def _by_user(service: str, split: Split) -> list[str]:
    """From gate, probe and known to an upstream. What is not listed is the safe answer."""
    stable, candidate = upstream(service, split.stable), upstream(service, split.candidate)
    if split.promoted:
        lines = [f"    cut/{probe}/{known}  {stable};" for probe in (0, 1) for known in (0, 1)]
        lines.append(f"    default  {candidate};")
    else:
        lines = [
            f"    open/0/1  {pool_prefix(service)}{variable(service, 'draw')};",
            f"    open/1/0  {candidate};",
            f"    open/1/1  {candidate};",
            f"    default   {stable};",
        ]
    key = "/".join(variable(service, part) for part in ("gate", "probe", "known"))
    return [f'map "{key}" {variable(service, "pool")} {{', *lines, "}"]


def session_cookie(service: str) -> str:
    """The cookie's name."""
    return variable(service, "session").removeprefix("$")


def session(split: Split, colour: Colour) -> str:
    """The cookie's value for a session that begins on a colour in the deployment of this split."""
    return f"{hashlib.sha256(split.salt.encode()).hexdigest()[:_DIGEST_CHARS]}.{colour}"


def _by_session(service: str, split: Split) -> list[str]:
    """The same for sessions: what the cookie says, the colour that follows, its pool, and the cookie to be given."""

    def v(what: str) -> str:
        return variable(service, what)

    candidate, stable = split.candidate, split.stable
    if split.promoted:
        goes = [f'    "~^cut/"  {stable};', f"    default  {candidate};"]
    else:
        goes = [f'    "~^open/1/"  {candidate};', f"    default  {stable};"]
        if split.weight:
            goes[:0] = [f"    open/0/1/new  {v('draw')};", f'    "~^open/0/./own"  {candidate};']
    attributes = "; Path=/; HttpOnly; SameSite=Lax"
    given = {
        colour: f'"{session_cookie(service)}={session(split, colour)}{attributes}"' for colour in (candidate, stable)
    }
    cookies = [
        f"    {candidate}/new  {given[candidate]};",
        *([f"    {candidate}/old  {given[candidate]};"] if split.promoted else []),
        f"    {stable}/new  {given[stable]};",
        f"    {stable}/own  {given[stable]};",
        '    default  "";',
    ]
    key = "/".join(v(part) for part in ("gate", "probe", "known", "was"))
    return [
        f'map $cookie_{session_cookie(service)} {v("was")} {{ "" new; {session(split, candidate)} own; default old; }}',
        f'map "{key}" {v("goes")} {{',
        *goes,
        "}",
        f'map "" {v("pool")} {{ default {pool_prefix(service)}{v("goes")}; }}',
        f'map "{v("goes")}/{v("was")}" {v("cookie")} {{',
        *cookies,
        "}",
    ]
