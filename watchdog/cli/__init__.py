"""The two console commands, `rollback-watchdog` and `rollback-deploy`.

Law of the package: it parses, asks, prints and picks the exit status. Heavy imports stay inside the command that needs
them, so that `--help` answers at once.
"""
