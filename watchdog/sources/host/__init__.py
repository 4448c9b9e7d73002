"""The daemon's own machine: `system` asks psutil, `cgroups` reads control groups of both versions, `units` asks
systemd, `groups` are the processes of one colour by either way, `gauge` turns two looks into readings, `source` is all
together.

Law of the package: only `system` imports psutil; what is not there is Missing, never 0.
"""
