"""Tests of `watchdog.replay`."""
