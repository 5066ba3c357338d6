"""The PAC file in a real browser: as its engine computes it, and as it sends what it fetches."""

import html
import json
import os
import re
import subprocess
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from tests.browser.conftest import FLAGS, WebAppOrigin
from tests.browser.test_chromium import ANALYTICS, START_S, Browse
from tests.support.journal_lines import about
from tests.support.running import allow_private, needs, running_proxy
from tierwall.policy.dialect import ANY, ONE, SOME, Reading, Shape
from tierwall.policy.projections.pac_targets import Steering
from tierwall.report.pac import pac_for_everything, pac_for_listed
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import serve_in_thread

PROXY = ("proxy.lab", 3128)
THROUGH, DIRECT = "PROXY proxy.lab:3128", "DIRECT"
LISTED = Steering(
    readings=(
        *(Reading("8x8.vc", 0, 0), Reading("vevox.app", 1, None), Reading("corp.example", 1, 2)),
        Reading("xn--mnchen-3ya.example", 0, 0),
    ),
    shapes=(
        Shape("*cdn", ("*cdn", "glued.example")),
        Shape("a.^", ("one", ONE)),
        Shape("+", ("some", SOME, "end.example")),
        Shape("…", ("any", ANY, "end.example")),
    ),
    networks=tuple(ip_network(text) for text in ("192.0.2.128/25", "10.0.0.0/9", "2001:db8:8000::/33", "::1/128")),
)
CASES = {
    "8x8.vc": THROUGH,
    "8X8.VC": THROUGH,
    "8x8.vc.": THROUGH,
    "meet.8x8.vc": DIRECT,
    "evil8x8.vc": DIRECT,
    "8x8.vc.evil.example": DIRECT,
    "vevox.app": DIRECT,
    "a.vevox.app": THROUGH,
    "a.b.c.vevox.app": THROUGH,
    "corp.example": DIRECT,
    "a.b.corp.example": THROUGH,
    "a.b.c.corp.example": DIRECT,
    "xn--mnchen-3ya.example": THROUGH,
    "constructor": DIRECT,
    "a.hasOwnProperty": DIRECT,
    "x-cdn.glued.example": THROUGH,
    "cdn.x.glued.example": DIRECT,
    "one.thing": THROUGH,
    "one.two.three": DIRECT,
    "some.end.example": DIRECT,
    "some.a.b.end.example": THROUGH,
    "any.end.example": THROUGH,
    "any.a.b.end.example": THROUGH,
    "192.0.2.128": THROUGH,
    "192.0.2.127": DIRECT,
    "10.127.255.255": THROUGH,
    "10.128.0.0": DIRECT,
    "192.0.2.128.example": DIRECT,
    "2001:db8:8000::1": THROUGH,
    "[2001:db8:ffff::1]": THROUGH,
    "2001:db8:7fff:ffff::1": DIRECT,
    "::1": THROUGH,
    "::2": DIRECT,
    "::ffff:c000:280": THROUGH,
    "::ffff:c000:27f": DIRECT,
    "1:2:3:4:5:6:7:8": DIRECT,
}


def computed(pac: str, hosts: list[str], folder: Path) -> dict[str, str]:
    """What Chromium's engine answers for each host."""
    page = folder / "pac.html"
    asks = f"{json.dumps(hosts)}.map(function (host) {{ return [host, FindProxyForURL('https://x/', host)]; }})"
    page.write_text(
        f"<pre></pre><script>{pac}\ndocument.querySelector('pre').textContent = JSON.stringify({asks});</script>"
    )
    command = ["chromium", *FLAGS[:-1], f"--user-data-dir={folder / 'profile'}", "--dump-dom", page.as_uri()]
    dumped = subprocess.run(
        command, env=os.environ | {"HOME": str(folder)}, capture_output=True, text=True, timeout=START_S, check=True
    )
    found = re.search(r"<pre>(.*?)</pre>", dumped.stdout, re.DOTALL)
    assert found is not None
    return dict(json.loads(html.unescape(found[1])))


@needs("chromium")
def test_names_and_addresses_are_told_apart_as_the_policies_read_them(tmp_path: Path) -> None:
    assert computed(pac_for_listed(LISTED, PROXY), list(CASES), tmp_path) == CASES


@needs("chromium")
def test_a_list_of_nothing_sends_nothing(tmp_path: Path) -> None:
    nothing = replace(LISTED, readings=(), shapes=(), networks=())

    assert set(computed(pac_for_listed(nothing, PROXY), list(CASES), tmp_path).values()) == {DIRECT}


@needs("chromium")
def test_everything_is_all_but_the_proxy_and_this_machine(tmp_path: Path) -> None:
    direct = ["proxy.lab", "PROXY.lab.", "localhost", "a.localhost", "127.9.9.9", "[::1]"]
    through = ["8x8.vc", "evil.proxy.lab", "notlocalhost", "10.0.0.1", "127.0.0.1.example", "2001:db8::1"]

    answers = computed(pac_for_everything(PROXY), [*direct, *through], tmp_path)

    assert answers == dict.fromkeys(direct, DIRECT) | dict.fromkeys(through, THROUGH)


@needs("chromium")
@pytest.mark.parametrize(("listen", "host"), [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "[::1]")])
def test_a_browser_with_the_proxys_pac_sends_it_vendors_hosts_denied_ones_too(
    web_app: WebAppOrigin, browse: Browse, listen: str, host: str
) -> None:
    sent_here = allow_private("8x8.vc", 443, web_app.port)
    with (
        running_proxy("--site", "8x8-core-only", *sent_here, listen=listen) as proxy,
        browse(proxy, "https://8x8.vc/", f"--proxy-pac-url=http://{host}:{proxy.port}/proxy.pac"),
    ):
        allowed = proxy.wait_for(about("8x8.vc", "allowed"), START_S)
        denied = proxy.wait_for(about(ANALYTICS), START_S)

    assert (allowed.tierwall.name_source, denied.tierwall.stage) == ("connect", "connect")


@needs("chromium")
@pytest.mark.parametrize(("query", "through"), [("", False), ("?all", True)])
def test_what_no_list_names_goes_round_it_unless_everything_is_asked_for(
    authority: Authority, browse: Browse, query: str, through: bool
) -> None:
    name = "elsewhere.example"
    with serve_in_thread(WebAppOrigin(authority, [name])) as elsewhere, running_proxy() as proxy:
        found_by = (
            f"--proxy-pac-url=http://127.0.0.1:{proxy.port}/proxy.pac{query}",
            f"--host-resolver-rules=MAP {name}:443 127.0.0.1:{elsewhere.port}",
        )
        with browse(proxy, f"https://{name}/", *found_by):
            if through:
                proxy.wait_for(about(name), START_S)
            else:
                assert elsewhere.reached.until(lambda reached: bool(reached.targets), limit_s=START_S)
        denied = [event for event in proxy.events() if about(name)(event)]

    assert (bool(elsewhere.reached.targets), bool(denied)) == (not through, through)
