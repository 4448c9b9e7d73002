"""Tests of `watchdog.config.sources`."""
