"""Which behaviours of a site the modes of a run can show."""

import pytest

from tierwall.loader import InvalidFiles
from tierwall.policy.behaviour import Buffering, NoQuic
from tierwall.policy.site import Site
from tierwall.proxy.mitmproxy.modes import suited

SITE = Site(id="lab", behaviours=(Buffering(), NoQuic()))


def test_what_a_mode_can_show_is_as_it_was() -> None:
    assert suited(SITE, ["regular", "tun"]) is SITE


def test_what_none_of_them_can_show_is_said_with_the_mend() -> None:
    with pytest.raises(InvalidFiles, match=r"no-quic.*--partial leaves it out"):
        suited(SITE, ["regular", "socks5@127.0.0.1:1080"])


def test_or_is_left_out() -> None:
    assert suited(SITE, ["regular"], partial=True).behaviours == (Buffering(),)
