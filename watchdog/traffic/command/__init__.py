"""Commands of the operator's as a router: what moves traffic is theirs, when it is moved is decided here.

Law of the package: `scripts` runs one command within its bounds and reads what it says, `router` composes. A command is
done when it exits with 0, and may be run again for the same order.
"""
