"""Delivery with a sender that does as told."""

import asyncio

from tests.notify.fakes import SenderFake
from watchdog.notify.outbox import Delivered, deliver, summary
from watchdog.notify.send import Contact, Sent

GOOD = Sent(ok=True, detail="sent")
BAD = Sent(ok=False, detail="connection refused")
NEVER = Sent(ok=False, detail="no target", permanent=True)


def delivered(sender: SenderFake) -> tuple[Delivered, ...]:
    contacts = [Contact(name=name, url=f"json://{name}") for name in sender.outcomes]
    return asyncio.run(
        deliver(
            key="app-7/12/0",
            contacts=contacts,
            title="[NO ACTION] done",
            body="done\n",
            sender=sender,
            now=sender.now,
            give_up_after=300.0,
            sleep=sender.sleep,
        )
    )


def test_a_message_goes_once_to_each_contact_with_its_key() -> None:
    """Every contact gets title and body, and the key by which a repetition is recognised."""
    sender = SenderFake(chat=[GOOD], boss=[GOOD])

    assert (
        Delivered(contact="chat", ok=True, attempts=1, detail="sent"),
        Delivered(contact="boss", ok=True, attempts=1, detail="sent"),
    ) == delivered(sender)
    text = "done\n\nRef    app-7/12/0"
    assert [("chat", "[NO ACTION] done", text), ("boss", "[NO ACTION] done", text)] == sender.sent
    assert [] == sender.slept


def test_a_failed_attempt_is_repeated_with_growing_pauses() -> None:
    """After failures the same text is sent again, later each time."""
    sender = SenderFake(chat=[BAD, BAD, BAD, GOOD])

    assert (Delivered(contact="chat", ok=True, attempts=4, detail="sent"),) == delivered(sender)
    assert 1 == len({body for *_, body in sender.sent})
    assert [True, True, True] == [low <= s <= low + 1 for low, s in zip((1, 2, 4), sender.slept, strict=True)]


def test_a_contact_that_cannot_be_reached_is_given_up() -> None:
    """At the final deadline the failure and its last reason come back; no pause leads beyond it or over 30 s."""
    sender = SenderFake(chat=[BAD])
    (result,) = delivered(sender)

    assert (False, "given up after 300 s: connection refused") == (result.ok, result.detail)
    assert 10 <= result.attempts <= 20
    assert 260 <= sender.time - 1000 < 300
    assert max(sender.slept) <= 31


def test_a_url_that_names_no_target_is_not_tried_again() -> None:
    """What can never work fails at once, with its own reason."""
    sender = SenderFake(chat=[NEVER])

    assert (Delivered(contact="chat", ok=False, attempts=1, detail="no target"),) == delivered(sender)


def test_one_contact_s_failure_is_not_another_s() -> None:
    """A contact that cannot be reached holds up no other; one that was reached hears nothing twice."""
    sender = SenderFake(dead=[BAD], chat=[GOOD])
    dead, chat = delivered(sender)

    assert (False, True, 1) == (dead.ok, chat.ok, chat.attempts)
    assert 1 == [name for name, *_ in sender.sent].count("chat")


def test_nobody_to_tell_is_said() -> None:
    """No contacts is no success."""
    assert () == delivered(SenderFake())
    assert (False, "there is nobody to tell") == summary(())


def test_one_reached_contact_is_enough() -> None:
    """Somebody knows; the line names each contact and what became of it."""
    results = (
        Delivered(contact="dead", ok=False, attempts=9, detail="refused"),
        Delivered(contact="chat", ok=True, attempts=1, detail="sent"),
    )

    assert (True, "dead: refused; chat: reached") == summary(results)
    assert (False, "dead: refused") == summary(results[:1])
