"""HAProxy's own statistics, read over its runtime socket: what the balancer counts per server of a colour.

Law of the package: `watchdog.outside` talks and reads what was said, `counts` turns raw counters into events and
imports nothing that performs, `source` puts them together, `look` says what `check --live` finds. Nothing here gives an
order.
"""
