"""The laboratory: a real nginx, two colours of an application and faults on command.

Law of the package: everything it starts runs below one temporary folder, on free ports, and is gone when it ends.
"""
