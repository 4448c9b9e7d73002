"""Tests of `watchdog.config.schema.rules`."""
