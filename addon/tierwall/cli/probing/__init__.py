"""`tierwall probe` and `tierwall diagnose`."""
