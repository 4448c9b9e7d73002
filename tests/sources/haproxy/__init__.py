"""Tests of `watchdog.sources.haproxy`."""
