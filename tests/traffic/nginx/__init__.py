"""Tests of `watchdog.traffic`."""
