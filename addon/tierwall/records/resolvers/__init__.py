"""Logs of resolvers that filter: names only."""
