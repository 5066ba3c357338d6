"""The ways to the engines: connections that one thread uses and may wait on."""
