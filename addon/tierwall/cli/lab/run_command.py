"""What can be typed after `tierwall run`.

Knows words only. The work is in run.py, imported when the command is called.
"""

from pathlib import Path
from typing import Any

import click

from tierwall.cli.bundle.commands import bundle_options
from tierwall.cli.live.page_options import Page, page_options
from tierwall.cli.options import complete_modes, policy_option, site_option
from tierwall.cli.ship.sink_options import sink_options, typed


@click.command(
    "run",
    short_help="Run the proxy until Ctrl-C.",
    epilog="""\b
Examples:
  tierwall run --site 8x8-core-only --ui
  tierwall run --mode socks5@127.0.0.1:1080 --mode regular --events all
  tierwall run --listen 0.0.0.0:3128 --site customer.yaml --journal customer.jsonl
  tierwall run --resolve '*.8x8.vc:443:192.0.2.7:8443'""",
)
@site_option
@policy_option
@click.option(
    "--mode",
    "modes",
    metavar="SPEC",
    multiple=True,
    shell_complete=complete_modes,
    help="regular, socks5, transparent, upstream:http://PROXY:PORT, wireguard, tun or dns, as mitmproxy spells them; "
    "an address after @ wins over --listen. May be repeated.  [default: regular]",
)
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default="127.0.0.1:8080",
    show_default=True,
    help="Where clients connect. [::1]:8080 for IPv6, 0.0.0.0:8080 for every address of this machine.",
)
@click.option(
    "--listen-tls",
    metavar="HOST:PORT",
    help="Where clients connect that speak TLS to the proxy itself, with a certificate of the lab CA: a PAC file's "
    "HTTPS, HTTPS_PROXY=https://…",
)
@click.option(
    "--journal",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where events go, one JSON object a line.  [default: tierwall/journal.jsonl in $XDG_STATE_HOME, or in "
    "~/.local/state]",
)
@click.option(
    "--events",
    type=click.Choice(["denied", "all"]),
    default="denied",
    show_default=True,
    help="What the journal holds: denials, failures and faults, or every connection.",
)
@click.option(
    "--resolve",
    metavar="HOST:PORT:ADDRESS[:PORT]",
    multiple=True,
    help="Send a name elsewhere, as curl does: to a staging server, say. HOST may be *.name. May be repeated.",
)
@click.option(
    "--trust",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
    help="Authorities (PEM) that may have signed servers' certificates, beside the public ones: a staging server's, "
    "say. Only for sites that inspect.",
)
@click.option(
    "--workers",
    metavar="N",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that share the ports, for thousands of clients; one for each core, at most. TCP modes only.",
)
@click.option(
    "--learn",
    is_flag=True,
    help="At the end print a site of what was let through, as `tierwall learn` does. Use it with a site that observes.",
)
@click.option(
    "--report",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="At the end write a report to send, as `tierwall report` does: FILE ends in .html, .md, .xml or .pdf.",
)
@click.option(
    "--partial",
    is_flag=True,
    help="Leave out behaviours of the site that none of the modes can show, instead of not starting.",
)
@click.option(
    "--clients",
    metavar="NETWORK",
    multiple=True,
    help="Serve clients of this network besides, where the site names none.  [default: this machine alone; gateway "
    "modes serve the private ranges]. May be repeated.",
)
@click.option(
    "--serve",
    metavar="SITE@WHERE",
    multiple=True,
    help="Another site besides --site: SITE@HOST:PORT on a port of its own, SITE@NETWORK for the clients of a network, "
    "as behind a gateway. May be repeated.",
)
@click.option(
    "--gateway",
    is_flag=True,
    help="Serve the gateway that `tierwall gateway up` made here: where its clients come in, and its tun device.",
)
@page_options
@sink_options
@bundle_options
@click.option(
    "--metrics",
    metavar="HOST:PORT",
    help="Show numbers there for Prometheus (/metrics), and whether it serves for Kubernetes (/healthz, /readyz).",
)
def run_command(  # noqa: PLR0913 - one for each option
    *,
    site: str,
    policies: tuple[Path, ...],
    modes: tuple[str, ...],
    listen: str,
    listen_tls: str | None,
    journal: Path | None,
    events: str,
    resolve: tuple[str, ...],
    trust: Path | None,
    workers: int,
    partial: bool,
    clients: tuple[str, ...],
    serve: tuple[str, ...],
    gateway: bool,
    learn: bool,
    report: Path | None,
    ui: bool,
    ui_listen: str | None,
    no_open: bool,
    sink_trust: Path | None,
    metrics: str | None,
    bundle: str | None,
    bundle_key: Path | None,
    bundle_every: int,
    **sinks: Any,
) -> int:
    """Run the proxy until Ctrl-C. Each denial is a line on the console and in the journal: which vendor, tier and
    service it breaks, and what users will see."""
    from tierwall.cli.lab.run import Wanted, run  # noqa: PLC0415
    from tierwall.cli.ship.beside import Beside  # noqa: PLC0415

    return run(
        Wanted(
            site=site,
            policies=policies,
            modes=modes,
            listen=listen,
            listen_tls=listen_tls,
            journal=journal,
            events=events,
            resolve=resolve,
            trust=trust,
            workers=workers,
            partial=partial,
            clients=clients,
            serve=serve,
            gateway=gateway,
            learn=learn,
            report=report,
            page=Page(listen=ui_listen, opens=not no_open) if ui or ui_listen is not None else None,
            beside=Beside(
                sinks=typed(sinks),
                sink_trust=sink_trust,
                metrics=metrics,
                bundle=bundle,
                bundle_key=bundle_key,
                bundle_every_s=bundle_every,
            ),
        )
    )
