"""Logs of what watched and decided nothing: browsers, captures, sensors."""
