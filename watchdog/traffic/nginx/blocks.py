"""What has to stand in the server blocks, the http block and the main level.

What lives here: includes and their order, the log beside the operator's own, duplicates that nginx refuses. What must
not: single locations.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from watchdog.traffic.nginx.findings import Findings
from watchdog.traffic.nginx.location import writes_our_log
from watchdog.traffic.nginx.tree import Node

_REWRITES = frozenset({"rewrite", "if", "return", "break"})
_DEBIANS_LOG = "/var/log/nginx/access.log"


def _from(block: Node, file: Path) -> int | None:
    """Where a file's content begins in a block; None when it is not included there."""
    real = file.resolve()
    return next((n for n, node in enumerate(block.block) if node.file.resolve() == real), None)


def _missing(block: Node, files: Iterable[Path]) -> list[str]:
    return [f"include {file};" for file in files if _from(block, file) is None]


def _ours(node: Node, directory: Path) -> bool:
    return node.file.resolve().parent == directory.resolve()


def review_server(
    server: Node, directory: Path, services: Sequence[str], findings: Findings, *, own_userid: bool = False
) -> None:
    """One server block that serves at least one service. `own_userid`: the operator's cookie tells users apart."""
    files = [directory / "rwd-common.server.conf", *(directory / f"{name}.server.conf" for name in services)]
    missing = _missing(server, files)
    if missing:
        findings.add(server.where, "first in this server block add", *missing)
    _order(server, directory, files, findings)
    duplicates = {
        "open_file_cache": "Move it into the locations with static files: in the server block it delays the brake"
    }
    if own_userid:
        _own_userid(server, directory, findings)
    else:
        duplicates["userid"] = (
            "Remove it: our cookie (rwd) takes its place; or keep it, by own_userid: true in the environment file"
        )
    for directive, cure in duplicates.items():
        for node in server.own(directive):
            if not _ours(node, directory):
                findings.refuse(node.where, f"nginx would refuse ours as a duplicate of {directive}", cure)
    _logs(server, directory, findings)


def _own_userid(server: Node, directory: Path, findings: Findings) -> None:
    """Without a cookie nobody can be drawn, and all users would be on stable."""
    if any(_ours(node, directory) for node in server.own("userid")):
        findings.add(str(directory), "sets our cookie still; run", "rollback-watchdog nginx write ENV")
        return
    cookies = server.effective("userid")
    if not cookies or cookies[0].args[:1] not in {("on",), ("v1",)}:
        found = f'"{cookies[0].text};" sets no cookie' if cookies else "no cookie is set"
        cure = "Add userid on; to it, or take own_userid: true out of the environment file"
        findings.refuse(
            cookies[0].where if cookies else server.where, f"{found}, so all users would be on stable", cure
        )


def _order(server: Node, directory: Path, files: Iterable[Path], findings: Findings) -> None:
    """A rewrite of the operator's before our include can skip the gate: stable would answer, whatever was ordered."""
    begins = [n for n in (_from(server, file) for file in files) if n is not None]
    if not begins:
        return
    before = [node for node in server.block[: max(begins)] if node.name in _REWRITES and not _ours(node, directory)]
    if before:
        findings.refuse(
            before[0].where,
            f'"{before[0].text}" stands before our includes and can skip gate and brake',
            "Move our includes above it",
        )


def _logs(server: Node, directory: Path, findings: Findings) -> None:
    """A log in the server block replaces those of the http block."""
    logs = server.own("access_log")
    own = [node for node in logs if not writes_our_log(node)]
    for node in own:
        if node.args == ("off",):
            findings.add(node.where, "remove, it would switch off ours too", f"{node.text};")
    if not any(map(writes_our_log, logs)) and _from(server, directory / "rwd-common.server.conf") is not None:
        findings.add(server.where, "in this server block add", findings.log_line)
    if own or server.parent is None:
        return
    inherited = server.parent.effective("access_log")
    if any(node.args == ("off",) for node in inherited):
        return
    repeated = [f"{node.text};" for node in inherited] or [f"access_log {_DEBIANS_LOG};"]
    what = "in this server block repeat your own log, which ours would replace"
    findings.add(server.where, what, *repeated)


def review_http(http: Node, directory: Path, services: Sequence[str], findings: Findings) -> None:
    """The http block."""
    files = [directory / "rwd-common.http.conf", *(directory / f"{name}.http.conf" for name in services)]
    for file in (*files, directory / "rwd-common.server.conf", *(directory / f"{n}.server.conf" for n in services)):
        if not file.exists():
            findings.add(str(directory), "is not complete; run first", "rollback-watchdog nginx write ENV")
    missing = _missing(http, files)
    if missing:
        findings.add(http.where, "first in the http block, before any server block, add", *missing)
        return
    first_server = next((n for n, node in enumerate(http.block) if node.name == "server"), len(http.block))
    late = [file for file in files if (begin := _from(http, file)) is not None and begin > first_server]
    if late:
        where = http.block[first_server].where
        findings.refuse(where, f"{late[0]} is included after this server block", "Include it before: it defines a log")


def review_main(root: Node, drain: float, findings: Findings) -> None:
    """The main level."""
    if not root.own("worker_shutdown_timeout"):
        what = "at the top level add (else a websocket keeps an old worker for as long as it is open)"
        findings.add(f"{root.file}:1", what, f"worker_shutdown_timeout {drain:g}s;")
