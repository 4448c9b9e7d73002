"""One attempt to reach one contact: starts the sending child, gives it the job, ends it at its deadline.

What lives here: the process. What must not: retries (`outbox`), wording, apprise (`child`).
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from watchdog.core.model import Check, Seconds

SEND_WITHIN: Seconds = 20.0  # loading apprise takes about one second, a slow mail server several
_ARGV = (sys.executable, "-I", "-m", "watchdog.notify.child")
_SENT = 0
_REFUSED = 2
_PIPE_WITHIN: Seconds = 1.0
_AT_ONCE = 3  # children side by side: each has about 60 MB for as long as it sends


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody, and where messages to them go."""

    name: str
    url: str = field(repr=False)
    """Apprise URL; holds secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """How one attempt ended."""

    ok: bool
    detail: str
    permanent: bool = False
    """Trying again is useless: the URL names no target."""


class Sender:
    """Starts children, a few at a time."""

    def __init__(self, *, within: Seconds = SEND_WITHIN, argv: Sequence[str] = _ARGV) -> None:
        self._within = within
        self._argv = tuple(argv)
        self._free = asyncio.Semaphore(_AT_ONCE)

    async def send(self, contact: Contact, title: str, body: str) -> Sent:
        """One attempt. Never raises but when cancelled; then the child is ended too."""
        code, said = await self._run({"url": contact.url, "title": title, "body": body})
        return Sent(ok=code == _SENT, detail=said, permanent=code == _REFUSED)

    async def check(self, contacts: Sequence[Contact]) -> tuple[Check, ...]:
        """Whether the child starts and each contact's URL names a target. Nothing is sent."""
        code, said = await self._run({"check": [contact.url for contact in contacts]})
        reasons = _reasons(said, len(contacts)) if code == _SENT else None
        if reasons is None:
            return (Check(name="message sender", ok=False, detail=said),)
        return (
            Check(name="message sender", ok=True, detail="starts"),
            *(
                Check(name=f"contact {contact.name}", ok=not reason, detail=reason or "its URL names a target")
                for contact, reason in zip(contacts, reasons, strict=True)
            ),
        )

    async def _run(self, job: Mapping[str, Any]) -> tuple[int | None, str]:
        """Exit code and first line; no code when the child did not start or end in time."""
        async with self._free:
            try:
                child = await asyncio.create_subprocess_exec(
                    *self._argv,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,
                    start_new_session=True,
                )
            except OSError as error:
                return None, f"the sender did not start: {error.strerror}"
            try:
                async with asyncio.timeout(self._within):
                    out, _ = await child.communicate(json.dumps(job).encode())
            except TimeoutError:
                return None, f"the sender was ended after {self._within:g} s without an answer"
            finally:
                await _end(child)
        words = out.decode(errors="replace").strip().partition("\n")[0]
        return child.returncode, words or f"the sender ended with {child.returncode}"


async def _end(child: asyncio.subprocess.Process) -> None:
    """End the child and whatever it started; return when it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    await child.wait()
    if child.stdout is not None:  # read to its end, which closes it: nobody is left to hold it open
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PIPE_WITHIN):
                await child.stdout.read()


def _reasons(said: str, count: int) -> list[str] | None:
    try:
        reasons = json.loads(said)
    except ValueError:
        return None
    fits = isinstance(reasons, list) and len(reasons) == count
    return [str(reason) for reason in reasons] if fits else None
