"""The keys of `rules`: one module per kind of rule or two, and the entry that holds one of them.

Law of the package: a module holds the keys of its kinds and says what signals they want. No formula (`core/rules`), and
not whether the signals exist (`config.signals`).
"""
