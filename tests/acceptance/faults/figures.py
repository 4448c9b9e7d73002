"""What was measured while a fault was played: printed, for whoever runs the tests with `-s`."""

import sys


def figure(what: str, value: object) -> None:
    """One line."""
    sys.stdout.write(f"\n    {what}: {value}\n")
