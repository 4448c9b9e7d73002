"""Rollback-watchdog: automated rollback for blue/green and canary releases behind nginx or HAProxy.

Law of the package: imports only go down, cli -> daemon | replay | deploy -> config | sources | traffic | notify
| journal | control -> core, and siblings do not import each other. Nothing lives in this module but the name:
importing it must cost nothing.
"""
