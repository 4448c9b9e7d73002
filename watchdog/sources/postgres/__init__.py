"""PostgreSQL servers: `wire` speaks libpq, `trouble` names what went wrong, `measures` and `facts` are what is asked,
`door` is one way to a server, `source` the two colours together, `findings` what a human should know.

Law of the package: only `wire` imports psycopg, and every call of it ends by its deadline; a password leaves `door` for
libpq alone.
"""
