"""The nginx router: traffic is split by files that this package writes and nginx reads, and cut off by a flag file.

Law of the package: `render` is pure text; everything that touches disk, processes or the network stands in a module of
its own and has a deadline. Nothing here chooses a split.
"""
