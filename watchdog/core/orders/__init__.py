"""What each order of a person or driver changes, and when it is refused: one module per subject.

The table from a command to its function is `watchdog.core.commands`.
"""
