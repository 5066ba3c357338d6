"""`tierwall demo`: what the bundled policies say of a day's destinations, played against stand-ins and told.

Knows scenes and what must come of them. Refuses to know protocols: the stand-ins speak them.
"""
