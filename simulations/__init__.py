"""Recordings, scenarios, the laboratory with real servers, and the benchmarks.

Law of the package: it shows and measures the watchdog from outside. Nothing in `watchdog` imports it, and it is not
shipped.
"""
