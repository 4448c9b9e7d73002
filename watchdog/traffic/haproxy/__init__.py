"""HAProxy as a router: weights and states of servers, ordered over the runtime socket.

Law of the package: `shares` is arithmetic, `states` reads what HAProxy says, `talk` orders and asks, `proof` counts,
`checklist` tries what a rollback will need, `router` composes. A colour is cut off by the state `maint`: with `drain`
or weight 0 users who hold a cookie of persistence or an entry in a stick table keep coming (measured with 2.6).
"""
