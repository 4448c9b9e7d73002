"""Tests of `watchdog.config`."""
