"""The child's work, in this process."""

import io
import json

import pytest

from tests.notify.fakes import chat_service
from watchdog.notify.child import NOT_A_TARGET, main, without_secrets

# apprise loads a module of the standard library that Python 3.13 no longer has; the real child runs without our filters
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def run(job: object) -> tuple[int, str]:
    out = io.StringIO()
    code = main(io.StringIO(job if isinstance(job, str) else json.dumps(job)), out)
    return code, out.getvalue()


def test_a_message_is_sent() -> None:
    """Title and body reach the target; the exit code is 0."""
    with chat_service() as chat:
        job = {"url": f"json://127.0.0.1:{chat.port}/", "title": "[NO ACTION] a", "body": "b\n  c <d>"}

        assert (0, "sent\n") == run(job)
        assert ["[NO ACTION] a"] == [message["title"] for message in chat.received]
        assert ["b\n  c <d>"] == [message["message"] for message in chat.received]


def test_a_refused_message_has_a_reason() -> None:
    """An answer of 500 is exit code 1 and one line."""
    with chat_service() as chat:
        chat.status = 500
        code, said = run({"url": f"json://127.0.0.1:{chat.port}/", "title": "a", "body": "b"})

    assert 1 == code
    assert "500" in said
    assert 1 == said.count("\n")


@pytest.mark.parametrize("url", ["", "hello", "nonsense://x", "mailto://"])
def test_a_url_that_names_no_target_is_told(url: str) -> None:
    """Sending refuses it for good with exit code 2; a check gives the same reason."""
    assert (2, f"{NOT_A_TARGET}\n") == run({"url": url, "title": "a", "body": "b"})
    code, said = run({"check": [url, "json://127.0.0.1/"]})
    assert (0, [NOT_A_TARGET, ""]) == (code, json.loads(said))


def test_a_check_sends_nothing() -> None:
    """A parsed target is not asked for anything."""
    with chat_service() as chat:
        assert (0, '[""]\n') == run({"check": [f"json://127.0.0.1:{chat.port}/"]})
        assert [] == chat.received


def test_a_job_that_is_none_is_refused() -> None:
    """Text that is no JSON ends with exit code 2 and a reason."""
    assert (2, "the job is no JSON\n") == run("hello")


@pytest.mark.parametrize(
    ("text", "url", "expected"),
    [
        ("no way to chat.example.org", "json://me:hunter2@chat.example.org/tok-12", "no way to chat.example.org"),
        ("tok-12 and hunter2 failed", "json://me:hunter2@chat.example.org/tok-12", "*** and *** failed"),
        ("T1JJ3T3L2 failed", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnl", "*** failed"),
        ("x" * 500, "json://a.b/", "x" * 200),
        ("fine", "", "fine"),
    ],
)
def test_secrets_are_taken_out_of_reasons(text: str, url: str, expected: str) -> None:
    """A user, password, token or path of the URL is never said; a host name is."""
    assert expected == without_secrets(text, url)
