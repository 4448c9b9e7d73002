"""Tests of `watchdog.config.schema.sources`."""
