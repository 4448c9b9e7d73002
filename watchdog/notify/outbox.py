"""Delivers one message to its contacts: again and again, at least once, until a final deadline.

What lives here: retries, and the result per contact. What must not: journaling (the daemon's business), wording, how a
message is sent. The key goes into the message: after a crash the same message may come twice, and the reader sees that
it is the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tenacity import AsyncRetrying, RetryCallState, retry_if_result, wait_exponential_jitter

from watchdog.core.model import Seconds
from watchdog.notify.send import Contact, Sent

FIRST_WAIT: Seconds = 1.0
LONGEST_WAIT: Seconds = 30.0
GIVE_UP_AFTER: Seconds = 300.0  # level 3 hears after 5 minutes, level 4 after 15: a longer try would be no news


class CanSend(Protocol):
    """One attempt at one contact (`watchdog.notify.send.Sender`)."""

    async def send(self, contact: Contact, title: str, body: str) -> Sent:
        """How the attempt ended."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What became of a message at one contact."""

    contact: str
    ok: bool
    attempts: int
    detail: str


async def deliver(
    *,
    key: str,
    contacts: Sequence[Contact],
    title: str,
    body: str,
    sender: CanSend,
    now: Callable[[], Seconds],
    give_up_after: Seconds = GIVE_UP_AFTER,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> tuple[Delivered, ...]:
    """Send to all contacts side by side; a result for each, in their order.

    An attempt that fails is repeated with growing pauses (1 s to 30 s, with some chance in them) until `give_up_after`
    seconds have passed; a URL that names no target is not tried again. Never raises but when cancelled.
    """
    began = now()
    text = f"{body.rstrip()}\n\nRef    {key}"

    def give_up(state: RetryCallState) -> bool:
        """Before a pause that would end after the deadline: the last attempt has been made."""
        return now() - began + state.upcoming_sleep >= give_up_after

    async def one(contact: Contact) -> Delivered:
        retrying = AsyncRetrying(
            retry=retry_if_result(_worth_another_try),
            wait=wait_exponential_jitter(initial=FIRST_WAIT, max=LONGEST_WAIT),
            stop=give_up,
            retry_error_callback=_last_result,
            sleep=sleep,
        )
        attempts = 0

        async def attempt() -> Sent:
            nonlocal attempts
            attempts += 1
            return await sender.send(contact, title, text)

        sent: Sent = await retrying(attempt)
        detail = sent.detail if sent.ok or sent.permanent else f"given up after {give_up_after:g} s: {sent.detail}"
        return Delivered(contact=contact.name, ok=sent.ok, attempts=attempts, detail=detail)

    return tuple(await asyncio.gather(*(one(contact) for contact in contacts)))


def summary(results: Sequence[Delivered]) -> tuple[bool, str]:
    """Whether at least one contact was reached (somebody knows), and a line that names each."""
    words = "; ".join(f"{one.contact}: {'reached' if one.ok else one.detail}" for one in results)
    return any(one.ok for one in results), words or "there is nobody to tell"


def _worth_another_try(sent: Sent) -> bool:
    return not sent.ok and not sent.permanent


def _last_result(state: RetryCallState) -> Sent:
    if state.outcome is None:
        raise AssertionError("tenacity gives up after an attempt, never before")
    result: Sent = state.outcome.result()
    return result
