"""`tierwall report`: results of other commands as one report to send."""
