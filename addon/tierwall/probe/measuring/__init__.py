"""How one place is measured, step by step: each step only where the one before got through.

Knows the steps and what each result means as a state. wire/ speaks the protocols; nothing here keeps a payload.
"""
