"""Tests of `watchdog.sources`."""
