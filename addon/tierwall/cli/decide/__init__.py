"""`tierwall decide`: answers for other proxies and stores."""
