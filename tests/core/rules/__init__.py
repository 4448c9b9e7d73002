"""Tests of `watchdog.core.rules`."""
