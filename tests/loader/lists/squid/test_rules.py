"""A Squid configuration is followed for what it does, and what cannot be followed is named with its line."""

from pathlib import Path

import pytest

from tests.loader.files import Write
from tierwall.loader import Fault, InvalidFiles, load_site
from tierwall.policy.attempt import Action, Attempt, GivenName, NameSource, Reason, Seen, Verdict
from tierwall.policy.hostname import normalise
from tierwall.policy.judge import judge
from tierwall.policy.model import Catalogue, Transport
from tierwall.policy.site import Site

NOBODY = Catalogue(())

TYPICAL = """\
# a branch office
acl localnet src 10.0.0.0/8
acl SSL_ports port 443
acl Safe_ports port 80 443 1025-65535
acl blocked dstdomain .facebook.com
acl vendors dstdomain .8x8.vc vevox.app \\
    .vevox.com   # added in March
acl cdn dstdom_regex -i ^cdn[0-9]+\\.example\\.net$
acl staff proxy_auth REQUIRED

http_access deny !Safe_ports
http_access deny CONNECT !SSL_ports
http_access deny blocked
http_access allow localnet vendors
http_access allow staff cdn
http_access deny all
"""


def _site(write: Write, text: str, entry: str = "{file: squid.conf}", key: str = "admit") -> Site:
    write("squid.conf", text)
    return load_site(str(write("lab.yaml", f"version: 1\nsite: lab\n{key}: [{entry}]\n")), NOBODY)


def _connect(site: Site, host: str, port: int = 443, seen: Seen | None = None, sni: str | None = None) -> Verdict:
    names = [GivenName(NameSource.CONNECT, normalise(host))]
    if sni is not None:
        names.append(GivenName(NameSource.SNI, normalise(sni)))
    return judge(site, NOBODY, Attempt(transport=Transport.TCP, port=port, names=tuple(names), seen=seen))


@pytest.mark.parametrize(
    ("host", "port", "reason"),
    [
        ("meet.8x8.vc", 443, None),
        ("vevox.app", 443, None),
        ("www.vevox.com", 443, None),
        ("cdn7.example.net", 443, None),
        ("www.vevox.app", 443, Reason.WILDCARD_GAP),
        ("www.facebook.com", 443, Reason.SITE_DENIED),
        ("meet.8x8.vc", 8443, Reason.PORT_CLOSED),
        ("meet.8x8.vc", 22, Reason.PORT_CLOSED),
        ("other.example", 443, Reason.UNLISTED),
    ],
)
def test_its_rules_decide_in_their_order(host: str, port: int, reason: Reason | None, write: Write) -> None:
    assert _connect(_site(write, TYPICAL), host, port).reason is reason


def test_a_denial_names_the_rule_and_an_admission_the_entry(write: Write) -> None:
    site = _site(write, TYPICAL)

    assert _connect(site, "facebook.com").detail == "`deny blocked` in squid.conf decides of facebook.com"
    assert _connect(site, "8x8.vc", 8443).detail == "`deny CONNECT !SSL_ports` in squid.conf decides of port 8443"
    assert _connect(site, "8x8.vc").admitted_by == "squid.conf .8x8.vc"


def test_what_cannot_be_followed_is_named_with_its_line_and_taken_as_matching(write: Write) -> None:
    write("squid.conf", TYPICAL)
    path = write("lab.yaml", "version: 1\nsite: lab\nadmit: [{file: squid.conf}]\n")
    warnings: list[Fault] = []
    load_site(str(path), NOBODY, warnings.append)

    assert [str(warning).partition("squid.conf:")[2] for warning in warnings] == [
        "2: `localnet` (src) cannot be followed here, and is taken as matching",
        "9: `staff` (proxy_auth) cannot be followed here, and is taken as matching",
    ]


@pytest.mark.parametrize(
    ("text", "admitted"),
    [
        ("acl b dstdomain .facebook.com\nhttp_access deny b\n", False),
        ("acl b dstdomain .other.example\nhttp_access deny b\n", True),
        ("acl a dstdomain .facebook.com\nif false\nhttp_access deny a\nendif\nhttp_access allow a\n", True),
        ("acl a dstdomain .facebook.com\n# deny \\\nhttp_access allow a\n", True),
        ("acl a dstdomain www.facebook.com\\\n.net\nhttp_access allow a\n", False),
        ("acl a dstdomain www.facebook.com \\ \n.net\nhttp_access allow a\n", True),
        ("acl a dstdomain www.facebook.com#old\nhttp_access allow a\n", False),
        ('configuration_includes_quoted_values on\nacl a dstdomain "www.facebook.com"\nhttp_access allow a\n', True),
        ("acl a ssl::server_name .facebook.com\nhttp_access allow a\n", True),
        ("acl a port 443\nhttp_access allow a\n", True),
        ("acl a port 80\nhttp_access allow a\n", False),
        ("http_access allow all\n", True),
        ("http_access deny all\n", False),
        ("acl a dstdomain .facebook.com\nhttp_access Allow a\n", False),
    ],
)
def test_it_is_read_as_squid_reads_it(text: str, admitted: bool, write: Write) -> None:
    assert _connect(_site(write, text), "www.facebook.com").passes is admitted


@pytest.mark.parametrize("option", ["-i", "-x", "+i", "--negate", "-m"])
def test_an_option_that_squid_does_not_start_with_is_a_fault(option: str, write: Write) -> None:
    with pytest.raises(InvalidFiles) as invalid:
        _site(write, f"acl a dstdomain {option} x.example\nhttp_access allow a\n")

    assert f"squid.conf:1: Squid does not start with the option `{option}` here" in str(invalid.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("http_access allow nobody\n", "1: there is no access list `nobody`"),
        ("acl a nonsense x\n", "1: Squid has no type of access list `nonsense`"),
        ("acl a dstdomain x.org\nacl a dst 192.0.2.1\n", "2: `a` has type `dstdomain` already, not `dst`"),
        ("acl a port 99999\nhttp_access allow a\n", "1: `99999` is no port"),
        ("acl a dst 192.0.2.0/33\nhttp_access allow a\n", "1: `192.0.2.0/33` is no address"),
        ("if true\nhttp_access allow all\n", "an `if` without `endif`"),
        ("endif\n", "1: `endif` without `if`"),
        ("if maybe\nendif\nhttp_access allow all\n", "1: Squid cannot evaluate `maybe`"),
        ("include /etc/squid/conf.d/x.conf\nhttp_access allow all\n", "put `x.conf` beside `squid.conf`"),
        ("HTTP_ACCESS allow all\n", "unknown directive `HTTP_ACCESS`; did you mean `http_access`?"),
        ("ssl_bump slice all\nhttp_access allow all\n", "unknown action of `ssl_bump` `slice`"),
        ("\ufeffacl a dstdomain x.org\nhttp_access allow a\n", "unknown directive"),
        ("acl a dstdomain x.org .x.org\nhttp_access allow a\n", "1: `x.org` lies within `.x.org`"),
    ],
)
def test_what_squid_does_not_start_with_is_a_fault_with_its_line(text: str, fault: str, write: Write) -> None:
    with pytest.raises(InvalidFiles) as invalid:
        _site(write, text, "{file: squid.conf, format: squid}")

    assert fault in str(invalid.value)


def test_files_that_it_names_are_read_beside_it_wherever_they_were(write: Write) -> None:
    write("vendors.txt", ".8x8.vc # meetings\n")
    write("more.conf", "http_access allow vendors\n")
    text = 'acl vendors dstdomain "/etc/squid/lists/vendors.txt"\ninclude /etc/squid/more.conf\n'

    site = _site(write, text)

    assert _connect(site, "meet.8x8.vc").passes
    assert {Path(path).name for path in site.paths} == {"lab.yaml", "squid.conf", "vendors.txt", "more.conf"}


def test_an_entry_may_name_the_access_list_that_is_meant(write: Write) -> None:
    admitting = _site(write, TYPICAL, "{file: squid.conf, acl: blocked}")
    by_expression = _site(write, TYPICAL, "{file: squid.conf, acl: CDN}")
    denying = _site(write, TYPICAL, "{file: squid.conf, acl: blocked}", "extends: reference\ndeny")

    assert _connect(admitting, "facebook.com").passes
    assert not _connect(admitting, "8x8.vc").passes
    assert _connect(by_expression, "cdn3.example.net").passes
    assert _connect(denying, "www.facebook.com", 8080).reason is Reason.SITE_DENIED
    with pytest.raises(InvalidFiles, match="unknown access list `blockd`; did you mean `blocked`"):
        _site(write, TYPICAL, "{file: squid.conf, acl: blockd}")
    with pytest.raises(InvalidFiles, match="say with `acl:` which of its access lists is denied"):
        _site(write, TYPICAL, key="deny")


BUMPING = """\
http_port 3128 ssl-bump
acl step1 at_step SslBump1
acl exempt ssl::server_name .8x8.vc
acl bad ssl::server_name .bad.example
http_access allow all
ssl_bump peek step1
ssl_bump splice exempt
ssl_bump terminate bad
ssl_bump bump all
"""


@pytest.mark.parametrize(
    ("host", "action", "reason"),
    [
        ("meet.8x8.vc", Action.ALLOW, None),
        ("www.bad.example", Action.DENY, Reason.SITE_DENIED),
        ("other.example", Action.INSPECT, None),
    ],
)
def test_ssl_bump_splices_opens_and_cuts_by_the_name_in_the_hello(
    host: str, action: Action, reason: Reason | None, write: Write
) -> None:
    verdict = _connect(_site(write, BUMPING), host, seen=Seen.TLS, sni=host)

    assert (verdict.action, verdict.reason) == (action, reason)


def test_ssl_bump_does_nothing_where_no_port_has_it(write: Write) -> None:
    site = _site(write, BUMPING.replace(" ssl-bump", ""))

    assert _connect(site, "other.example", seen=Seen.TLS, sni="other.example").action is Action.ALLOW


def test_no_rule_that_allows_everything_leads_to_private_addresses(write: Write) -> None:
    verdict = _connect(_site(write, "http_access allow all\n"), "10.0.0.1")

    assert verdict.reason is Reason.PRIVATE_ADDRESS


def test_an_expression_takes_time_that_grows_with_the_name_alone(write: Write) -> None:
    site = _site(write, "acl a dstdom_regex ((a+)+)+$\nhttp_access allow a\n")

    assert not _connect(site, "a" * 60 + "." + "a" * 60 + ".0x.example").passes
