"""`tierwall run`: a process, or several, that listen until somebody ends them.

Knows settings, signals, workers and the control socket. Refuses to know single connections.
"""
