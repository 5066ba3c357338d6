"""Events in the words of each engine: pure functions from entries to octets, and from answers to outcomes."""
