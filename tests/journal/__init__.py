"""Tests of `watchdog.journal`."""
