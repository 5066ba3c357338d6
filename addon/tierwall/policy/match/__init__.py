"""Which entries and rules meet a destination: indices over patterns and networks, made once and asked often.

Knows what was compiled from a site and a catalogue. Refuses to decide: judge.py reads what is found here.
"""
