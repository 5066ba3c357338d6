"""`tierwall fleet`: Envoys beside tierwall."""
