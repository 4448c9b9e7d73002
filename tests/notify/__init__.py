"""Tests of `watchdog.notify`."""
