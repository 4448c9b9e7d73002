"""The routers that split traffic between the colours, one module per router.

Law of the package: a router prepares, applies, observes and probes a split, as it was ordered. It never chooses one,
and it reports what it saw and not what it wished for.
"""
