"""`tierwall audit`: logs read, the answers in the forms that were asked for."""
