"""Tests of `watchdog.sources.actuator`."""
