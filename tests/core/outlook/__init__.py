"""Tests of `watchdog.core.outlook`."""
