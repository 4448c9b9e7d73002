"""What has to change around one proxy_pass, and what cannot work there.

What lives here: one function per trap of a location. What must not: server blocks, text of other files.
"""

import re
from pathlib import Path

from watchdog.traffic.nginx import lines, render
from watchdog.traffic.nginx.findings import Findings
from watchdog.traffic.nginx.places import Place
from watchdog.traffic.nginx.render import ServiceNginx
from watchdog.traffic.nginx.tree import Node

_LOG_ARGUMENT = "rwd"


def review(place: Place, setup: ServiceNginx, findings: Findings) -> None:
    """Everything about one place."""
    block = place.node.parent
    if block is None:
        return
    if not place.ours:
        _proxy_pass(place, block, setup, findings)
        _host(place, block, findings)
    elif place.target.uri and "$" not in place.target.uri:
        findings.refuse(
            place.node.where,
            f"with a variable nginx passes exactly {place.target.uri} whatever was asked for",
            "Remove the path behind the variable and keep it by a rewrite ... break above",
        )
    else:
        _needs_host(place, block, findings)
    _tls_name(place, block, findings)
    lines.review(place, setup, findings)
    _userid(block, findings)
    _log(block, findings)
    _cache(block, findings)


def _beside(node: Node) -> str:
    return f'beside "{node.text};" add'


def _proxy_pass(place: Place, block: Node, setup: ServiceNginx, findings: Findings) -> None:
    new = f"{place.target.scheme}://{render.variable(setup.service, 'pool')}"
    change = f'change "{place.node.text};" to'
    uri = place.target.uri
    if not uri or "$" in uri:  # with a variable of its own nginx passes the path as it stands, before as after
        findings.add(place.node.where, change, f"proxy_pass {new}{uri};")
        return
    prefix = _prefix(block)
    if prefix is None or block.own("rewrite"):
        what = f"{place.node.text} replaces the location's path, and which part that is cannot be told here"
        cure = "Write the replacement as a rewrite ... break, and a proxy_pass without a path; then ask again"
        findings.refuse(place.node.where, what, cure)
        return
    exact = block.args[0] == "="
    rewrite = f"rewrite ^ {uri} break;" if exact else f"rewrite ^{re.escape(prefix)}(.*)$ {uri}$1 break;"
    findings.add(place.node.where, change, rewrite, f"proxy_pass {new};")


def _prefix(block: Node) -> str | None:
    """The path of a plain location; None for a regular expression, a named one or an `if`."""
    if block.name != "location" or not block.args:
        return None
    kind, path = block.args[0], block.args[-1]
    return path if path.startswith("/") and kind in {"=", "^~", path} else None


def _as_before(place: Place) -> str:
    """What nginx sent as Host where nobody said so: the target's own name."""
    return "localhost" if place.target.host.startswith("unix:") else place.target.host


def _host(place: Place, block: Node, findings: Findings) -> None:
    """Without an explicit Host the application would see our pool's name, and send it back in redirects."""
    headers = block.effective("proxy_set_header")
    hosts = [node for node in headers if node.args[0].lower() == "host"]
    proxied = [node for node in hosts if node.args[-1] in {"$proxy_host", "$proxy_host:$proxy_port"}]
    before = _as_before(place)
    if proxied:
        findings.add(proxied[0].where, f'change "{proxied[0].text};" to', f"proxy_set_header Host {before};")
    elif not hosts:
        # Beside the others of its level: a header in an inner level would switch off all of the outer one.
        near = headers[0] if headers else place.node
        findings.add(near.where, _beside(near), f"proxy_set_header Host {before};")
    if proxied or not hosts:
        _redirect(place, block, findings)
    for node in _default_redirects(block):
        findings.add(node.where, f'change "{node.text};" to', _redirect_line(place, block))


def _default_redirects(block: Node) -> list[Node]:
    return [node for node in block.effective("proxy_redirect") if node.args[:1] == ("default",)]


def _redirect(place: Place, block: Node, findings: Findings) -> None:
    """What nginx did by itself with redirects to the target's name, it does not do beside a variable."""
    if not block.effective("proxy_redirect") and "$" not in place.target.host + place.target.uri:
        findings.add(place.node.where, _beside(place.node), _redirect_line(place, block))


def _redirect_line(place: Place, block: Node) -> str:
    prefix = _prefix(block) if place.target.uri else "/"
    return f"proxy_redirect {place.target.scheme}://{place.target.host}{place.target.uri or '/'} {prefix or '/'};"


def _needs_host(place: Place, block: Node, findings: Findings) -> None:
    headers = block.effective("proxy_set_header")
    values = [node.args[-1] for node in headers if node.args[0].lower() == "host"]
    if not values or values[0].startswith("$proxy_host"):
        near = headers[0] if headers else place.node
        findings.add(near.where, _beside(near), "proxy_set_header Host $host;")
    for node in block.effective("proxy_redirect"):
        if node.args[:1] == ("default",):
            findings.refuse(node.where, '"proxy_redirect default" cannot stand beside a variable', "Write it out")


def _tls_name(place: Place, block: Node, findings: Findings) -> None:
    """Over TLS nginx would ask for, and verify, the name of our pool."""
    if place.target.scheme == "https" and not block.effective("proxy_ssl_name"):
        name = "$host" if place.ours else place.target.host.partition(":")[0]
        added = [f"proxy_ssl_name {name};"]
        if not block.effective("proxy_ssl_server_name"):
            added.append("proxy_ssl_server_name on;")
        findings.add(place.node.where, _beside(place.node), *added)


def _userid(block: Node, findings: Findings) -> None:
    """A location with its own cookie settings draws its clients apart, or not at all."""
    for level in block.levels():
        if level.name == "server":
            return
        for node in level.own("userid", "userid_name"):
            findings.refuse(
                node.where,
                f'"{node.text};" in a location: its clients would be drawn apart from the rest, or all to stable',
                "Remove it here",
            )


def writes_our_log(node: Node) -> bool:
    """Whether an access_log is the one that the daemon reads."""
    return len(node.args) > 1 and node.args[0].startswith("syslog:server=unix:") and node.args[1] == _LOG_ARGUMENT


def our_log(socket: Path) -> str:
    """The access log's line."""
    return f"access_log syslog:server=unix:{socket},nohostname,tag=rwd rwd;"


def _log(block: Node, findings: Findings) -> None:
    """An access_log in a location replaces those of the server block, ours with them."""
    for level in block.levels():
        if level.name == "server":
            return
        logs = level.own("access_log")
        if not logs or (any(map(writes_our_log, logs)) and not _off(logs)):
            continue
        line = findings.log_line
        if off := _off(logs):
            findings.add(off[0].where, 'change "access_log off;" to', line)
        else:
            findings.add(logs[0].where, _beside(logs[0]), line)


def _off(logs: list[Node]) -> list[Node]:
    return [node for node in logs if node.args == ("off",)]


def _cache(block: Node, findings: Findings) -> None:
    """A cache whose key does not tell the colours apart serves the candidate's answers also while it is braked."""
    caches = block.effective("proxy_cache")
    keys = block.effective("proxy_cache_key")
    if not caches or caches[0].args == ("off",) or not keys:
        return
    key = " ".join(keys[0].args)
    if "$proxy_host" not in key and "$rwd_" not in key:
        what = f'the key "{key}" of proxy_cache mixes the colours: what the candidate answered would outlive a rollback'
        findings.refuse(keys[0].where, what, f'Make it "$proxy_host{key}"')
