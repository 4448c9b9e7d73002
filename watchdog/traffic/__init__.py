"""The routers that split traffic between the colours, one package per router.

Law of the package: a router prepares, applies, observes and probes a split, as it was ordered. It never chooses one,
and it reports what it saw and not what it wished for. Routers do not import each other: what
several need stands beside their packages.
"""
