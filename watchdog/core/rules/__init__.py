"""The kinds of rule, one module per kind.

Law of the package: a kind turns the readings of one source into a rule state, and does nothing else. It knows no
source by name, no other rule and no policy: what several rules mean together is the verdict's business.
"""
