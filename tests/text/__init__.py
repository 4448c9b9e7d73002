"""Tests of `watchdog.text`."""
