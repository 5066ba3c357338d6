"""tierwall: a corporate egress proxy for the lab that says what every denial breaks."""

__version__ = "0.1.0"
