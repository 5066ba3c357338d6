"""The shell around the policy core: sockets, time and mitmproxy. Nothing outside imports mitmproxy."""
