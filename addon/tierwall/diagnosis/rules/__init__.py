"""What each behaviour looks like from a client: a rule a behaviour, a file a place where behaviours act."""
