"""Testing a file that is not in its place yet, against the operator's whole configuration.

What lives here: the private mount namespace in which the new file lies over the live one, and what is done where none
may be made. What must not: touching the live file.
"""

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from watchdog.core.model import Check
from watchdog.traffic import files
from watchdog.traffic.nginx import render
from watchdog.traffic.nginx.commands import DUMP_BYTES, Ran, run
from watchdog.traffic.waiting import aside

# $1 lies over $2 for the command that follows, and for nobody else.
_OVER: Final = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
_NAMESPACES: Final = (("unshare", "--mount"), ("unshare", "--map-root-user", "--mount"))


class Ahead:
    """Tests texts of one service's file ahead of time."""

    def __init__(self, live: Path, dump: Sequence[str], deadline: float) -> None:
        self._live = live
        self._dump = tuple(dump)
        self._deadline = deadline
        self._turn = asyncio.Lock()  # a preparation and a rehearsal would lay each other's file over the live one
        self._candidate = live.with_name(f".{live.name}.ahead")
        self.dumped = ""
        """The whole configuration, as the last successful test printed it."""

    async def test(self, name: str, text: str) -> Check:
        """One check: nginx accepts its whole configuration with this text in the live file's place."""
        async with self._turn:
            return await self._test(name, text)

    async def _test(self, name: str, text: str) -> Check:
        digest = render.read_header(text).digest
        try:
            await aside(lambda: files.stage(self._candidate, text), self._deadline)
            ran = await self._over()
            if ran is None:
                return await self._alone(name)
        except (OSError, TimeoutError) as error:
            return Check(name=name, ok=False, detail=str(error) or f"{self._candidate} cannot be written in time")
        finally:
            with contextlib.suppress(OSError):
                self._candidate.unlink()
        if not ran.ok:
            return Check(name=name, ok=False, detail=str(ran))
        if digest not in ran.output:
            detail = f"nginx accepts it and does not read {self._live}: the include is missing"
            return Check(name=name, ok=False, detail=detail)
        self.dumped = ran.output
        return Check(name=name, ok=True, detail="tested in the whole configuration")

    async def _over(self) -> Ran | None:
        """The dump with the new file over the live one; None when that can say nothing here."""
        for namespace in _NAMESPACES:
            if not (await run((*namespace, "true"), self._deadline)).ok:
                continue
            inner = ("sh", "-c", _OVER, "sh", str(self._candidate), str(self._live.resolve()), *self._dump)
            ran = await run((*namespace, *inner), self._deadline, limit=DUMP_BYTES)
            ran = replace(ran, argv=self._dump)  # what people read names nginx's command, not what lies around it
            if ran.ok or os.geteuid() == 0:
                return ran
            # Without privilege nginx may not open its logs and keys: does it accept what is in force?
            present = await run((*namespace, *self._dump), self._deadline, limit=DUMP_BYTES)
            return ran if present.ok else None
        return None

    async def _alone(self, name: str) -> Check:
        """The file in a small configuration of its own: its syntax and its hosts, without the operator's part."""
        nginx = self._dump[0] if Path(self._dump[0]).name == "nginx" else shutil.which("nginx") or "/usr/sbin/nginx"
        with tempfile.TemporaryDirectory(prefix="rollback-watchdog-") as folder:
            main = Path(folder) / "nginx.conf"
            temp = "".join(f"{each}_temp_path {folder}/{each};" for each in ("client_body", "proxy", "fastcgi"))
            main.write_text(
                f"pid {folder}/pid; error_log stderr; events {{}} http {{ access_log off; {temp} "
                f"uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; include {self._candidate}; }}\n"
            )
            ran = await run((nginx, "-t", "-p", folder, "-c", str(main)), self._deadline)
        if not ran.ok:
            return Check(name=name, ok=False, detail=str(ran))
        detail = "tested alone, for want of privilege; the whole configuration is tested when it is switched"
        return Check(name=name, ok=True, detail=detail)
