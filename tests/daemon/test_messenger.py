"""A message from the state at the moment of sending to every contact; in plain words when there are no better."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from tests.notify.fakes import SenderFake
from watchdog.core.effects import Audience, Notify
from watchdog.core.model import Check
from watchdog.daemon.messenger import Messenger
from watchdog.notify.send import Contact, Sent
from watchdog.notify.words import Message

REACHED = Sent(ok=True, detail="")
WRONG = Sent(ok=False, detail="no such host", permanent=True)


class Sending(SenderFake):
    """A sender that also checks."""

    def __init__(self, **outcomes: list[Sent]) -> None:
        super().__init__(**outcomes)
        self.checks = (Check(name="message sender", ok=True),)

    async def check(self, contacts: Sequence[Contact]) -> tuple[Check, ...]:
        return (*self.checks, *(Check(name=f"contact {contact.name}", ok=True) for contact in contacts))


def notify(*contacts: str, repetition: int = 0) -> Notify:
    return Notify(
        id="shop-1/7/0",
        service="shop",
        incident="shop-1/blind/6",
        audience=Audience.ON_CALL,
        contacts=contacts,
        repetition=repetition,
    )


def messenger(sender: Sending, view: Mapping[str, Any], *names: str) -> tuple[Messenger, list[Exception]]:
    unworded: list[Exception] = []
    made = Messenger(
        sender=sender, view=lambda: view, now=sender.now, unworded=lambda _effect, error: unworded.append(error)
    )
    made.equip({name: Contact(name=name, url=f"json://{name}") for name in names})
    return made, unworded


NO_INCIDENT: dict[str, Any] = {"services": {"shop": {"incidents": [], "deployment": None}}}


def test_every_contact_hears_and_one_is_enough() -> None:
    """What each said is in the detail, and the key of the repetition is in the message."""
    sender = Sending(ada=[REACHED], bob=[WRONG])
    made, unworded = messenger(sender, NO_INCIDENT, "ada", "bob", "eve")

    assert (True, "ada: reached; bob: no such host") == asyncio.run(made.send(notify("ada", "bob", repetition=2)))
    assert ["ada", "bob"] == [name for name, _, _ in sender.sent]
    assert sender.sent[0][2].endswith("Ref    shop-1/blind/6#2")
    assert [] == unworded


def test_a_message_that_cannot_be_worded_is_sent_in_plain_words() -> None:
    """Somebody must know; the log has the mistake."""
    sender = Sending(ada=[REACHED])
    made, unworded = messenger(sender, {}, "ada")

    assert (True, "ada: reached") == asyncio.run(made.send(notify("ada")))
    assert "shop: look at rollback-watchdog status shop" == sender.sent[0][1]
    assert "shop-1/blind/6" in sender.sent[0][2]
    assert [KeyError] == [type(error) for error in unworded]


def test_nobody_to_tell_is_no_failure() -> None:
    """The operator wanted it so; `check` has warned."""
    made, _ = messenger(Sending(), NO_INCIDENT)

    assert (True, "nobody is configured to be told") == asyncio.run(made.send(notify()))


def test_contacts_that_left_the_configuration_are_a_failure() -> None:
    """The message was meant for somebody, and nobody heard it."""
    made, _ = messenger(Sending(), NO_INCIDENT, "eve")

    assert (False, "not in the configuration any more: ada, bob") == asyncio.run(made.send(notify("ada", "bob")))


def test_the_check_sends_nothing_and_says_who_can_be_told() -> None:
    """One line of the checklist."""
    sender = Sending()
    made, _ = messenger(sender, NO_INCIDENT, "ada")
    good = asyncio.run(made.check())
    sender.checks = (Check(name="message sender", ok=False, detail="does not start"),)
    bad = asyncio.run(made.check())

    assert (True, "1 can be told") == (good.ok, good.detail)
    assert (False, "message sender: does not start") == (bad.ok, bad.detail)
    assert [] == sender.sent


def test_the_check_without_contacts_is_fine() -> None:
    """Nobody is to be told, and that is said."""
    made, _ = messenger(Sending(), NO_INCIDENT)

    assert Check(name="contacts", ok=True, detail="nobody is configured to be told") == asyncio.run(made.check())


def test_a_drill_is_told_as_one_and_timed() -> None:
    """The title says that nothing is to be done; contacts that are gone are left out."""
    sender = Sending(chat=[REACHED])
    made, _ = messenger(sender, {"now": 1_700_000_000.0}, "chat", "ada")
    told = asyncio.run(made.rehearse("shop", ("chat", "eve")))

    assert ("drill: message", True, "chat: reached", 0.0) == (told.name, told.ok, told.detail, told.took)
    assert ["chat"] == [name for name, _, _ in sender.sent]
    assert "[NO ACTION] shop: a drill. No user is moved, nothing is rolled back." == sender.sent[0][1]
    assert "rollback-watchdog status shop" in sender.sent[0][2]


def test_a_drill_that_nobody_hears_has_failed() -> None:
    """Unless the operator wants nobody to be told."""
    made, _ = messenger(Sending(chat=[WRONG]), {"now": 0.0}, "chat")

    assert (False, "chat: no such host") == (
        (told := asyncio.run(made.rehearse("shop", ("chat",)))).ok,
        told.detail,
    )
    assert asyncio.run(made.rehearse("shop", ())).ok


def test_a_message_that_no_incident_has_reaches_whom_it_is_for() -> None:
    """Contacts that are gone are left out; when nobody is left, nobody was told."""
    sender = Sending(ada=[REACHED])
    made, _ = messenger(sender, NO_INCIDENT, "ada")
    message = Message(title="the file", body="is broken")

    assert (True, "ada: reached") == asyncio.run(made.tell("broken-file/1", ("ada", "eve"), message))
    assert [("ada", "the file", "is broken\n\nRef    broken-file/1")] == sender.sent
    assert (False, "nobody who could be told is configured") == asyncio.run(made.tell("k", ("eve",), message))
