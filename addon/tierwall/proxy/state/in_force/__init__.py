"""How what is in force comes about: files and what changes in them, switches, and which of several sites is meant."""
