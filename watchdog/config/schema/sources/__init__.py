"""The keys of `sources`: one module per kind of source, and the entry that holds one of them.

Law of the package: a module holds the keys of its kind and says which signals it yields. What readings are taken how is
the business of `watchdog.sources`; the plain values in between are in `config.sources`.
"""
