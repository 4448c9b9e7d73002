"""How long until a rule decides: an estimate for people, made before anything happens.

Law of the package: nothing is decided by it, and it knows no words. `values` has what goes in and out, `service` is the
door, the other modules have one family of kinds each. Whatever a kind cannot know it says as a `Caveat`.
"""
