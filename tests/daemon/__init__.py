"""Tests of `watchdog.daemon`."""
