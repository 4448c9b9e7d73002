"""Tests of `watchdog.core`."""
