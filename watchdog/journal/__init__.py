"""The durable, append-only record, and what is made from it after a crash.

Law of the package: a record that was appended is never changed, and its form is versioned. Recovery folds recorded
decisions as facts; nothing here decides anything again. SQLite is known here and nowhere else.
"""
