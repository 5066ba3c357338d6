"""`tierwall bundle`: what many gateways take up, built and checked."""
