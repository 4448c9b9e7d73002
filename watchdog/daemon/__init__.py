"""The running process: clock, loop, start and stop, systemd, logs, wiring.

Law of the package: it performs what the core returns and feeds the outcome back. Only `clock` reads the time, only
`wiring` knows which adapters there are, and no decision is made here.
"""
