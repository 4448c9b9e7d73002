"""Where readings come from, one module per source.

Law of the package: a source measures, and says so honestly when it could not (Missing, with the kind). It never judges,
never retries behind the poller's back and never reads the clock itself: the clock is handed in.
"""
