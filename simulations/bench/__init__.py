"""The benchmarks, run by `script/bench NAME`.

Law of the package: each benchmark prints what it measured, on what and how often; a number without its conditions is
not a result.
"""
