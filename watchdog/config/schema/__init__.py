"""The language of the file: every key with its meaning, unit and default, one module per section.

Law of the package: a module holds the keys of its section and the checks within one entry of it. What needs a second
section is in `config.references`; reading files, places and wording are elsewhere too.
"""
