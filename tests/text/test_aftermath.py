"""Users, open connections, hooks and tasks in words."""

import pytest

from tests.text import views
from tests.text.views import NOW, ZONE
from watchdog.text import aftermath


@pytest.mark.parametrize(
    ("failed", "shielded", "told"),
    [
        (0, 0, ""),
        (36, 0, "36 requests failed on green, all seen by users."),
        (1, 0, "1 request failed on green, seen by users."),
        (36, 30, "36 requests failed on green; 30 were answered by blue instead, 6 were seen by users."),
        (2, 1, "2 requests failed on green; 1 was answered by blue instead, 1 was seen by users."),
        (12, 12, "12 requests failed on green; 12 were answered by blue instead, no user saw one."),
    ],
)
def test_failed_shielded_and_seen_are_told_apart(failed: int, shielded: int, told: str) -> None:
    """What stable answered in the candidate's place no user saw."""
    users = {"failed": failed, "shielded": shielded, "saw": failed - shielded}

    assert told == aftermath.users(views.deployment(users=users))


def test_what_was_under_way_at_the_switch_is_told() -> None:
    """Stragglers one by one, a handful at most; connections that are open and whether they ended since."""
    listed = [f"report, began 0.{i} s before, took 2 s" for i in range(7)]
    rollback = views.rollback(stragglers=7, straggling=listed, open=3)
    late, still = aftermath.stragglers(views.rolled_back(rollback=rollback))
    drained = aftermath.stragglers(views.rolled_back(rollback=rollback, drained=NOW))[1]

    assert late.startswith("7 requests that had begun before ended on green afterwards: report, began 0.0 s before")
    assert late.endswith("; and more.")
    assert still.startswith("3 connections to green (websockets, streams, long polls) were open at the switch ")
    assert still.endswith(" and go on until they end.")
    assert drained.endswith("have ended since.")
    assert [] == aftermath.stragglers(views.rolled_back())
    assert [] == aftermath.stragglers(views.deployment())


def test_every_hook_says_how_it_went() -> None:
    """Under way, done, failed, and nobody knows."""
    runs = [
        views.hook("one", ended=None, ok=None),
        views.hook("two"),
        views.hook("three", ok=False, detail="exit status 3: no cache"),
        views.hook("four", ok=None),
    ]

    assert [
        "hook one runs since 09:14:58",
        "hook two done at 09:14:59",
        "hook three failed at 09:14:59: exit status 3: no cache",
        "hook four ended, and nobody knows how, at 09:14:59",
    ] == aftermath.hooks(views.rolled_back(hooks=runs), ZONE)


def test_tasks_wait_for_hands_after_a_rollback_only() -> None:
    """Until somebody says that they were done."""
    done = views.task("restore", done={"at": NOW, "by": "ada", "because": "from 02:00"})
    tasks = [views.task(), done]

    assert ["flyway-repair"] == [each["name"] for each in aftermath.open_tasks(views.rolled_back(tasks=tasks))]
    assert [] == aftermath.open_tasks(views.deployment(tasks=tasks))
    assert "restore was done by ada at 09:15:00: from 02:00" == aftermath.done_task(done, ZONE)
    assert (
        "flyway -configFiles=/etc/flyway.conf repair",
        "rollback-watchdog did osun-his flyway-repair",
    ) == aftermath.task("osun-his", views.task())
