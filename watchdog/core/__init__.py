"""The pure core: what the watchdog knows, and what it decides.

Law of the package: values in, values out. Only the standard library's value tools may be imported: no clock, no
file, no socket, no log, no thread, no chance, no third-party package, no other layer. Time is a parameter; an effect is
returned and never performed.
"""
