"""Decisions as they are kept, by what they are about.

What lives here: values, gathered in `core/records`. What must not: deciding.
"""
