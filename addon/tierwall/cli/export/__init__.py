"""`tierwall export`: what a network has to open, in a product's own files."""
