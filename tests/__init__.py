"""The tests: a mirror of the source tree, and beside it `acceptance` and `simulations`.

Law of the package: the name says which module is under test; the docstring of a test is one sentence of behaviour.
Time moves by a fake clock and never by sleeping.
"""
