"""Tests of `watchdog.control`."""
