"""Logs of firewalls: what was let through or dropped, by address, and by name where they know one."""
