"""How something outside the program is asked: a name, HAProxy's runtime socket, an operator's command.

Law of the package: bounds and words for what came back; what an answer is worth is known to sources and routers, which
both stand above it and do not know each other.
"""
