"""Tests of `watchdog.config.schema`."""
