"""Where everybody is, and what the site admits.

Knows values only.
"""

from tests.netns.dns_packets import AAAA, A, address
from tests.netns.lab import BRIDGE, OTHER_SERVER, SERVER_6

SOMEBODY = "198.51.100.53"
PRIVATE = "10.99.0.5"
BRIDGE_ECHO = "203.0.113.77"
"""In a network that the site admits."""
LEASE_RUNS_OUT_S = 8.0
"""A lease and a renewal, with something to spare."""
SITE = """
admit:
  - {vendor: 8x8, tiers: [core]}
  - {hosts: [turn.corp.example, inside.corp.example], ports: [udp/3478, udp/50000]}
  - {networks: ["2001:db8:203::/64", 203.0.113.77], ports: [udp/3478, udp/49152-65535]}
deny:
  - {hosts: [bad.corp.example]}
  - {networks: [152.67.144.11], ports: [udp/10000]}
"""
CLOSED_TO_8X8 = "admit: [{vendor: vevox}]"
RECORDS = {
    ("turn.corp.example", A): address(OTHER_SERVER),
    ("turn.corp.example", AAAA): address(SERVER_6),
    ("inside.corp.example", A): address(PRIVATE),
    ("bad.corp.example", A): address(BRIDGE),
}
