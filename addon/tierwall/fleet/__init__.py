"""Enforcement by engines that exist, on more than one machine: Envoy's configuration, its control plane, its logs.

Knows how a site is printed for Envoy and how Envoy's log is judged again; nothing is decided but by judge.
"""
