"""Events out of the journal and into the engines that people search, draw and alert with.

The journal is the spool: a sink follows its file from where it last was, so that traffic never waits for one, memory
is bounded by one batch, and what an engine did not take while it was away is still there for it, until rotation
removes it. That loss, and each event that an engine refuses, is counted, said and journalled.
"""
