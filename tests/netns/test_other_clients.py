"""A proxy on every address, and clients on another machine: what the start says works from there, as it stands."""

import re

import pytest

from tests.netns.gateway import tierwall_in
from tests.netns.lab import CLIENT, GATEWAY, PORT, Lab
from tests.support.needs import needs

EVERYWHERE = ("--listen", f"0.0.0.0:{PORT}")


@needs("curl")
def test_loopback_alone_is_served_and_both_sides_are_told(lab: Lab) -> None:
    with tierwall_in(lab.gateway, *EVERYWHERE) as proxy:
        refused = lab.client.run("curl", "-sS", "--noproxy", "", "-m", "5", f"http://{GATEWAY}:{PORT}/proxy.pac")
        line = proxy.wait_for_talk("client-refused")
        here = lab.gateway.run("curl", "-sS", "-m", "5", f"http://127.0.0.1:{PORT}/proxy.pac")
        said = proxy.console()

    assert refused.returncode != 0
    assert "FindProxyForURL" in here.stdout
    assert f"(client {CLIENT}) client-refused – served: 127.0.0.0/8, ::1/128; " in line
    assert re.search(r"^others +it serves loopback only; --clients NETWORK adds more, such as ", said, re.MULTILINE)


@needs("curl")
def test_the_example_that_it_gives_serves_them(lab: Lab) -> None:
    with tierwall_in(lab.gateway, *EVERYWHERE) as proxy:
        found = re.search(r"such as --clients (\S+)", proxy.console())
    assert found is not None
    networks = ("--clients", "10.77.1.0/24") if found[1] != "10.77.1.0/24" else ("--clients", found[1])

    with tierwall_in(lab.gateway, *EVERYWHERE, *networks) as proxy:
        at = re.search(r"^others +reach it at (\S+?)[, ]", proxy.console(), re.MULTILINE)
        assert at is not None
        pac = lab.client.run("curl", "-sS", "--noproxy", "", "-m", "5", f"http://{at[1]}/proxy.pac")
        certificate = lab.client.run("curl", "-sS", "--noproxy", "", "-m", "5", f"http://{at[1]}/ca.pem")
        page = lab.client.run("curl", "-sS", "--noproxy", "", "-m", "5", f"http://{at[1]}/")
        denied = lab.client.run("curl", "-sS", "-m", "5", "-x", f"http://{at[1]}", "https://evil8x8.com/")

    assert f'var PROXY = "PROXY {GATEWAY}:{PORT}"' in pac.stdout
    assert certificate.stdout.startswith("-----BEGIN CERTIFICATE-----")
    assert "<title>tierwall: reference</title>" in page.stdout
    assert "403" in denied.stderr


@needs("curl")
@pytest.mark.parametrize("everywhere", ["[::]:8080"])
def test_on_every_ipv6_address_too(lab: Lab, everywhere: str) -> None:
    with tierwall_in(lab.gateway, "--listen", everywhere, "--clients", "fd77:1::/64") as proxy:
        at = re.search(r"^others +reach it at (\S+?)[, ]", proxy.console(), re.MULTILINE)
        assert at is not None
        pac = lab.client.run("curl", "-sS", "--noproxy", "", "-m", "5", f"http://{at[1]}/proxy.pac")

    assert at[1] in pac.stdout
