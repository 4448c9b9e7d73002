"""Telling humans: the outbox, and the short-lived child process that sends.

Law of the package: a message that was accepted is delivered at least once, with the same key each time. Whom to tell,
and when, is decided by the core; apprise is loaded in the child process only.
"""
