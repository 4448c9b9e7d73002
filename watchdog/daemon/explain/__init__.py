"""Why a deployment went as it did: the journal's records, folded once more and told in order."""

from watchdog.daemon.explain.journal import explain_journal

__all__ = ["explain_journal"]
