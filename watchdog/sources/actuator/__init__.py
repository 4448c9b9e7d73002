"""A Spring Boot application's own view of itself: health with its components, and Micrometer's meters.

Law of the package: `client` asks, `answers` reads what was said, `counts` turns raw counters into events and imports
nothing that performs, `colour` puts a colour's servers together, `source` makes readings of it, `look` says what
`check --live` finds.
"""
