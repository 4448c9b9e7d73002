"""What the source adapters need, in plain values: one module per kind, with the translation from its keys.

Law of the package: frozen values, durations in seconds, `$colour` filled in, no defaults (the schema has them) and
nothing that opens, connects or reads. `translate` is the one door.
"""
