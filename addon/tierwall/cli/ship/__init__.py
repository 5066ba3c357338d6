"""`tierwall ship`, and what `run` starts beside itself: events on their way to engines."""
