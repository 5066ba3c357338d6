"""What can be typed after `tierwall demo`.

Knows words only; the work is in demo/.
"""

from collections.abc import Callable
from importlib import import_module

import click


@click.command(
    "demo",
    short_help="Show what denials break, without a network.",
    epilog="""\b
Examples:
  tierwall demo
  tierwall demo --ui""",
)
@click.option("--ui", is_flag=True, help="Go on until Ctrl-C, and show it on the live page.")
@click.option("--no-open", is_flag=True, help="Print the page's address alone, and open no browser.")
def demo_command(*, ui: bool, no_open: bool) -> int:
    """Run the proxy under a site that closes tiers, drive real clients through it to stand-in servers on loopback,
    and show what each denial breaks. Needs no network, and takes less than half a minute."""
    if ui:
        show: Callable[..., int] = import_module("tierwall.demo.live").main
        return show(opens=not no_open)
    main: Callable[[], int] = import_module("tierwall.demo.scenario").main
    return main()
