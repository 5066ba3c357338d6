"""The control plane of Envoys: which site each gets, what it has taken, and the stream that carries both (ADS).

Knows sites as lists of fleet/envoy, and nodes by their ids. Restarted or gone, it leaves every Envoy as it is.
"""
