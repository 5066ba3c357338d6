"""What the kernel and nft print becomes values."""

from ipaddress import ip_address

from tests.doctor.healthy import redirect
from tierwall.doctor.facts import Socket, redirects, sockets
from tierwall.policy.model import Transport

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
TCP = f"""{HEAD}\
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1567 1 00 100 0 0 10 0
   1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 1568 1 00 20 4 30 10 -1
{HEAD}\
   0: 00000000000000000000000001000000:01BB 00000000000000000000000000000000:0000 0A 0:0 00:0 0     0        0 7 1 00
   1: 0000000000000000FFFF00000100007F:0050 00000000000000000000000000000000:0000 0A 0:0 00:0 0     0        0 8 1 00
"""
UDP = f"{HEAD}  52: 01014D0A:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   13        0 9 2 00 0\n"
NFT = """{"nftables": [{"metainfo": {}},
  {"chain": {"family": "inet", "table": "t", "name": "in", "type": "nat", "hook": "prerouting"}},
  {"chain": {"family": "inet", "table": "t", "name": "inner"}},
  {"rule": {"family": "inet", "table": "t", "chain": "in", "expr": [{"match": {}}, {"redirect": {"port": 8080}}]}},
  {"rule": {"family": "inet", "table": "t", "chain": "inner", "expr": [{"redirect": {"port": 3128}}]}},
  {"rule": {"family": "ip", "table": "t", "chain": "in", "expr": [{"redirect": null}, {"masquerade": null}]}}]}"""


def socket(transport: Transport, address: str, port: int, inode: int) -> Socket:
    return Socket(transport=transport, address=ip_address(address), port=port, inode=inode)


def test_listening_sockets_are_read_and_connections_are_not() -> None:
    assert list(sockets(TCP, Transport.TCP)) == [
        socket(Transport.TCP, "127.0.0.1", 8080, 1567),
        socket(Transport.TCP, "::1", 443, 7),
        socket(Transport.TCP, "127.0.0.1", 80, 8),
    ]
    assert list(sockets(UDP, Transport.UDP)) == [socket(Transport.UDP, "10.77.1.1", 53, 9)]


def test_nothing_is_read_from_nothing() -> None:
    assert (list(sockets("", Transport.TCP)), list(redirects(""))) == ([], [])


def test_redirects_are_read_with_the_hooks_of_their_chains() -> None:
    assert list(redirects(NFT)) == [redirect(8080), redirect(3128, hook=None)]
