"""Timelines on real servers: a fault is injected, and the clock of the user is read."""
