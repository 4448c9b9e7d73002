"""The same core under a virtual clock: recordings, the simulator, scenario tests, tuning, reports.

Law of the package: it steps the very engine that the daemon steps, with the same compiled configuration, and has no
rule logic of its own. It never touches a router, a contact or the real clock.
"""
