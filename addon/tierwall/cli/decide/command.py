"""`tierwall decide`, as it can be typed.

Knows words only; the work is in decide.py beside it.
"""

from pathlib import Path

import click

from tierwall.cli.options import policy_option, site_option


@click.command(
    "decide",
    short_help="Answer for another proxy, firewall or store: a question in, judge's verdict out.",
    epilog="""\b
Examples:
  echo '{"host": "api.amplitude.com", "port": 443}' | tierwall decide --speak jsonl --site 8x8-core-only
  tierwall decide --speak jsonl --site customer.yaml < destinations.jsonl > verdicts.jsonl
  tierwall decide --speak envoy --site customer.yaml --listen unix:/run/tierwall.sock

\b
In squid.conf:
  external_acl_type tierwall concurrency=50 children-max=2 ttl=10 negative_ttl=10
    %DST %PORT %METHOD %ssl::>sni %SRC /usr/bin/tierwall decide --speak squid --site 8x8-core-only

jsonl: a line is an object with host, address or both, port, and where wanted transport (tcp, udp) and sni; the answer
to each is a line, the object of `explain --json`, in order. squid: the answer has message (%o in an error page), tag
(%et in a log), log (%ea) and notes. Both end at the end of the input. envoy: gRPC (pip install 'tierwall[fleet]'). The
site is loaded anew when its files change. Exit status 2 says that a line was no question; it was answered with a denial
(squid: BH) all the same. docs/fleet.md has the settings of each.""",
)
@click.option(
    "--speak",
    type=click.Choice(["jsonl", "squid", "envoy"]),
    required=True,
    help="jsonl: a destination a line, for stores and pipes. squid: external_acl_type with concurrency channels. "
    "envoy: external authorization over gRPC, HTTP and network filter.",
)
@click.option(
    "--listen",
    metavar="HOST:PORT|unix:PATH",
    help="(envoy) Where Envoy asks: loopback or a Unix socket alone.  [default: 127.0.0.1:9191]",
)
@site_option
@policy_option
def decide_command(*, speak: str, listen: str | None, site: str, policies: tuple[Path, ...]) -> int:
    """Answer questions on standard input with judge's verdicts on standard output. Carries no traffic."""
    from tierwall.cli.decide.decide import decide  # noqa: PLC0415

    return decide(speak, site, policies, listen)
