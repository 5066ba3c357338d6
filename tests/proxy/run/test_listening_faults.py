"""What is said of a server that cannot be started: one line, whatever the system or a library said, with the mend."""

import errno
import os

import pytest
from mitmproxy.proxy import mode_specs

from tierwall.proxy.run.listening_faults import cannot_start

RUST = """Failed to create TUN device

Caused by:
    Operation not permitted (os error {number})
Stack backtrace:
   0: <unknown>"""


def said(spec: str, cause: BaseException, listen: tuple[str, int] = ("127.0.0.1", 8080)) -> str:
    return cannot_start(mode_specs.ProxyMode.parse(spec), listen, cause)


def os_error(number: int) -> OSError:
    return OSError(number, f"[Errno {number}] many words\nof another program")


@pytest.mark.parametrize("number", [errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL, errno.EMFILE])
@pytest.mark.parametrize("spec", ["regular", "socks5@1080", "regular@[::1]:80", "wireguard", "dns@192.0.2.1:53"])
def test_whatever_failed_is_one_line_of_ours(spec: str, number: int) -> None:
    line = said(spec, os_error(number))

    assert "\n" not in line
    assert "Errno" not in line


@pytest.mark.parametrize(
    ("spec", "listen", "elsewhere"),
    [
        ("regular", ("127.0.0.1", 8080), "--listen 127.0.0.1:8081"),
        ("regular", ("::1", 65535), "--listen [::1]:65534"),
        ("socks5@1080", ("127.0.0.1", 8080), "--mode socks5@127.0.0.1:1081"),
        ("upstream:http://192.0.2.1:3128@[::1]:80", ("", 8080), "--mode upstream:http://192.0.2.1:3128@[::1]:81"),
    ],
)
def test_another_port_is_named_where_the_taken_one_was(spec: str, listen: tuple[str, int], elsewhere: str) -> None:
    assert f"; `tierwall doctor` says by what, and {elsewhere} is another" in said(
        spec, os_error(errno.EADDRINUSE), listen
    )


def test_a_port_below_1024_is_roots() -> None:
    line = "HTTP(S) proxy cannot listen on 127.0.0.1:80: ports below 1024 are root's; choose another, or run it as root"

    assert said("regular@80", os_error(errno.EACCES)) == line


@pytest.mark.parametrize(
    ("number", "mend"),
    [
        (errno.EPERM, "making a tun device needs CAP_NET_ADMIN: run it as root"),
        (errno.ENOENT, "there is no /dev/net/tun: `modprobe tun`, or give the container that device"),
        (errno.ENOMEM, os.strerror(errno.ENOMEM)),
    ],
)
def test_a_backtrace_of_rust_becomes_the_mend(number: int, mend: str) -> None:
    assert said("tun:x0", RuntimeError(RUST.format(number=number))) == f"--mode tun:x0: {mend}"


def test_the_port_for_tls_has_an_option_of_its_own() -> None:
    mode = mode_specs.ProxyMode.parse("regular@127.0.0.1:8443")

    line = cannot_start(mode, ("127.0.0.1", 8080), os_error(errno.EADDRINUSE), tls="regular@127.0.0.1:8443")
    assert line.startswith("HTTP(S) proxy for TLS cannot listen on 127.0.0.1:8443: the port is taken; ")
    assert line.endswith("and --listen-tls 127.0.0.1:8444 is another")


def test_a_name_that_no_interface_can_have_is_said() -> None:
    line = "--mode tun:averyveryverylong: an interface's name has at most 15 characters"

    assert said("tun:averyveryverylong", RuntimeError("Failed to create TUN device")) == line


def test_an_unknown_failure_is_its_first_line() -> None:
    assert said("local", RuntimeError("no\nbacktrace")) == "--mode local: no"
