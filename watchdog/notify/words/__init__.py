"""The words of a message: one shape per reason of an incident, from plain data to a title and a body."""

from watchdog.notify.words.message import Message, message

__all__ = ["Message", "message"]
