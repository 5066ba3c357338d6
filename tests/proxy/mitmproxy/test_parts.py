"""A run starts with the addons that it needs, and whoever wants all of mitmproxy's still gets them."""

import subprocess
import sys


def _printed(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


def test_a_run_does_not_import_what_it_does_not_need() -> None:
    needless = "{'flask', 'ldap3', 'mitmproxy.addons.onboarding'} & set(sys.modules)"

    assert _printed(f"import sys, tierwall.proxy.run.engine; print({needless})") == "set()"
    assert _printed(f"import sys, mitmproxy.addons; print(len({needless}))") == "3"


def test_all_of_mitmproxys_addons_can_be_had_afterwards_and_are_the_same() -> None:
    program = """
import tierwall.proxy.run.engine
from tierwall.proxy.mitmproxy.parts import Core
from mitmproxy import addons
from mitmproxy.addons import core
everything = addons.default_addons()
print(core.Core is Core, len(everything) > 30, any(type(addon) is Core for addon in everything))
"""

    assert _printed(program) == "True True True"
