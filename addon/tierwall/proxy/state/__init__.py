"""What a running proxy knows of the world: the policy in force, where names lead, what is recorded, how it refuses.

Knows values and their changes in time. Refuses to know connections.
"""
