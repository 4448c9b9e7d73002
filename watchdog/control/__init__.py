"""How humans and tools talk to the daemon: the HTTP API on a Unix socket, its client and the page.

Law of the package: a request becomes an event for the loop and an answer; nothing is decided or performed here. The
`client` module knows nothing of the core, so that a deploy host needs nothing else.
"""
