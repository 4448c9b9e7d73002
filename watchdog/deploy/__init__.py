"""The thin deploy driver, for the host or pipeline that releases.

Law of the package: it asks the daemon and shows the answer. It talks to `control.client` only, decides nothing and
holds no state that matters when it dies.
"""
