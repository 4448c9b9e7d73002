"""A Prometheus server as a source: raw counters scrape by scrape, and gauges with the age of their samples.

Law of the package: two requests per poll whatever is asked, within one deadline, and nothing retried. PromQL has no
union of range vectors, and no answer that holds both types. So the instant answer holds every gauge, the age of its
samples, histograms' bounds and the server's own time; the range answer holds every counter's scrapes, pinned to that
time. Selectors that have conditions on different labels need a range request more. All ages are by the server's clock.
"""
