"""Tests of `watchdog.deploy`."""
