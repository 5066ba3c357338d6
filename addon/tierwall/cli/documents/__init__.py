"""`tierwall import`: vendors' documents fetched, read into policies, and compared with them."""
