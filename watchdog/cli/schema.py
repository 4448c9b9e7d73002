"""`rollback-watchdog schema`: the language of the environment files as a JSON Schema.

What lives here: printing it. What must not: the schema (`watchdog.config.json_schema`).
"""

import argparse
import sys

from watchdog.config import json_schema


def run(_given: argparse.Namespace) -> int:
    """Print it."""
    sys.stdout.write(json_schema.text())
    return 0
