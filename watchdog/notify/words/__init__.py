"""The words of a message: one shape per reason of an incident, from plain data to a title and a body."""

from watchdog.notify.words.broken_file import broken_file
from watchdog.notify.words.drill import drill
from watchdog.notify.words.message import Message, message

__all__ = ["Message", "broken_file", "drill", "message"]
