"""Tests of `watchdog.cli`."""
