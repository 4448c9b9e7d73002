"""The child as a process: it sends, hangs, dies, and is ended with all that it started."""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from tests.notify.fakes import chat_service
from watchdog.core.model import Check
from watchdog.notify.send import Contact, Sender, Sent


def sent(url: str, *, within: float = 30.0) -> Sent:
    return asyncio.run(Sender(within=within).send(Contact(name="chat", url=url), "title", "body"))


def acted(program: str, *, within: float = 30.0) -> Sent:
    """Send with another program as the child."""
    sender = Sender(within=within, argv=[sys.executable, "-I", "-c", program])
    return asyncio.run(sender.send(Contact(name="chat", url="json://x/"), "title", "body"))


def test_a_message_arrives() -> None:
    """A real child sends over HTTP, with the text as it was given."""
    with chat_service() as chat:
        assert Sent(ok=True, detail="sent") == sent(f"json://127.0.0.1:{chat.port}/")
        assert [("title", "body")] == [(message["title"], message["message"]) for message in chat.received]


def test_an_unreachable_target_is_a_failure_that_may_pass() -> None:
    """A refusal and a 500 have a reason, and may be tried again."""
    refused = sent("json://127.0.0.1:1/")
    with chat_service() as chat:
        chat.status = 500
        failed = sent(f"json://127.0.0.1:{chat.port}/")

    assert [(False, False)] * 2 == [(result.ok, result.permanent) for result in (refused, failed)]
    assert "onnection error" in refused.detail
    assert "500" in failed.detail


def test_a_url_that_names_no_target_is_permanent() -> None:
    """Trying again would be useless."""
    assert sent("nonsense://x").permanent


def test_a_target_that_hangs_costs_the_deadline() -> None:
    """The child is ended at its deadline."""
    with chat_service() as chat:
        chat.hang.clear()
        began = time.monotonic()
        result = sent(f"json://127.0.0.1:{chat.port}/?rto=60", within=2.5)

        assert (False, False) == (result.ok, result.permanent)
        assert "the sender was ended after 2.5 s without an answer" == result.detail
        assert time.monotonic() - began < 8
        assert 1 == len(chat.received)


def test_what_a_child_started_ends_with_it(tmp_path: Path) -> None:
    """A grandchild that would live on is ended too, at the deadline and after a good end."""
    for name, tail in (("hangs", "time.sleep(600)"), ("ends", "")):
        note = tmp_path / name
        program = (
            "import subprocess, sys, time\n"
            "other = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
            f"open({str(note)!r}, 'w').write(str(other.pid))\n{tail}\n"
        )
        acted(program, within=1.5)
        pid = int(note.read_text())
        deadline = time.monotonic() + 10
        while Path(f"/proc/{pid}").exists() and "State:\tZ" not in Path(f"/proc/{pid}/status").read_text():
            assert time.monotonic() < deadline, f"{name}: the grandchild lives"
            time.sleep(0.01)


def test_a_cancelled_attempt_leaves_no_child(tmp_path: Path) -> None:
    """Whoever is not waited for any more is ended."""
    note = tmp_path / "pid"
    program = f"import os, time\nopen({str(note)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n"

    async def main() -> None:
        sender = Sender(argv=[sys.executable, "-I", "-c", program])
        task = asyncio.create_task(sender.send(Contact(name="chat", url="json://x/"), "title", "body"))
        async with asyncio.timeout(10):
            while not (note.exists() and note.read_text()):  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert not Path(f"/proc/{note.read_text()}").exists()


@pytest.mark.parametrize(
    ("program", "detail"),
    [
        ("import sys; sys.exit(3)", "the sender ended with 3"),
        ("import os; os.kill(os.getpid(), 9)", "the sender ended with -9"),
        ("print('first'); print('second'); raise SystemExit(1)", "first"),
    ],
)
def test_a_child_that_dies_is_a_failure(program: str, detail: str) -> None:
    """However the child ends, an attempt has a result and a reason of one line."""
    assert Sent(ok=False, detail=detail) == acted(program)


def test_a_child_that_cannot_start_is_a_failure(tmp_path: Path) -> None:
    """A missing interpreter is told, for an attempt and for a check."""
    sender = Sender(argv=[str(tmp_path / "python")])
    contact = Contact(name="chat", url="json://x/")
    words = "the sender did not start: No such file or directory"

    assert Sent(ok=False, detail=words) == asyncio.run(sender.send(contact, "title", "body"))
    assert (Check(name="message sender", ok=False, detail=words),) == asyncio.run(sender.check([contact]))


def test_the_url_is_in_no_argument_and_in_no_representation(tmp_path: Path) -> None:
    """Secrets are seen neither in the process list nor in a log of the value."""
    note = tmp_path / "argv"
    program = f"import pathlib\npathlib.Path({str(note)!r}).write_bytes(open('/proc/self/cmdline', 'rb').read())\n"
    sender = Sender(argv=[sys.executable, "-I", "-c", program])
    contact = Contact(name="chat", url="json://me:hunter2@x/")
    asyncio.run(sender.send(contact, "title", "body"))

    assert b"hunter2" not in note.read_bytes()
    assert "Contact(name='chat')" == repr(contact)


def test_a_check_starts_the_child_and_sends_nothing() -> None:
    """Each contact has its line: the URL names a target, or what is wrong; no request is made."""
    with chat_service() as chat:
        contacts = [
            Contact(name="chat", url=f"json://127.0.0.1:{chat.port}/"),
            Contact(name="boss", url="pager:boss"),
        ]
        checks = asyncio.run(Sender().check(contacts))

        assert [] == chat.received
    assert [("message sender", True), ("contact chat", True), ("contact boss", False)] == [
        (check.name, check.ok) for check in checks
    ]
    assert "wanted one such as" in checks[2].detail


@pytest.mark.parametrize("said", ["hello", "[]", '{"a": 1}'])
def test_a_check_whose_answer_means_nothing_fails(said: str) -> None:
    """A child that answers something else is no working sender."""
    sender = Sender(argv=[sys.executable, "-I", "-c", f"print({said!r})"])

    assert (Check(name="message sender", ok=False, detail=said),) == asyncio.run(
        sender.check([Contact(name="chat", url="json://x/")])
    )
