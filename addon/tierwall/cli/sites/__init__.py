"""Commands over vendors' and sites' files: what is in them, what they decide, how they differ, new ones."""
