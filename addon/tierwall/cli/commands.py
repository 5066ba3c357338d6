"""What can be typed: commands, options, and help that teaches with an example.

Knows words only. The work is in the modules beside this one, each imported when its command is called.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import click
from click.shell_completion import get_completion_class

from tierwall import __version__
from tierwall.cli.audit.command import audit_command
from tierwall.cli.bundle.commands import bundle, bundle_options
from tierwall.cli.decide.command import decide_command
from tierwall.cli.documents.import_command import import_command
from tierwall.cli.export.command import export_command
from tierwall.cli.fleet.commands import fleet
from tierwall.cli.group import Commands
from tierwall.cli.lab.behaviour_commands import behaviour
from tierwall.cli.lab.ca_commands import ca
from tierwall.cli.lab.doctor_command import doctor
from tierwall.cli.lab.gateway_commands import gateway
from tierwall.cli.live.page_options import page_options
from tierwall.cli.live.watch_command import watch_command
from tierwall.cli.options import complete_modes, json_option, policy_option, site_option
from tierwall.cli.probing.commands import diagnose_command, probe_command
from tierwall.cli.reporting.command import report_command
from tierwall.cli.ship.ship_command import ship_command
from tierwall.cli.ship.sink_options import sink_options, typed
from tierwall.cli.sites.commands import new_site_command, reproduce_command, sites_command, vendors_command
from tierwall.cli.sites.diff_command import diff_command
from tierwall.cli.sites.learn_command import learn_command
from tierwall.cli.topics.commands import help_command, schema_command

_SETTINGS: Final = {"help_option_names": ["-h", "--help"]}


@click.group(
    cls=Commands,
    context_settings=_SETTINGS,
    epilog="""\b
Examples:
  tierwall explain https://api.amplitude.com --site 8x8-core-only
  tierwall run --site 8x8-core-only
  curl -x http://127.0.0.1:8080 https://api.amplitude.com/

Exit status: 0 done, 1 something was denied or found, 2 bad input.""",
)
@click.version_option(__version__, prog_name="tierwall", message="%(prog)s %(version)s")
def cli() -> None:
    """A corporate egress proxy for the lab: it enforces what vendors' documents ask a network to open, and says of
    every denial what it breaks."""


@cli.command(
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
    from tierwall.cli.live.beside import Page  # noqa: PLC0415
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


@cli.command(
    "explain",
    short_help="Say what is let through, and what a denial breaks.",
    epilog="""\b
Examples:
  tierwall explain https://8x8.vc wss://vevox.app
  tierwall explain https://api.amplitude.com --site 8x8-core-only
  tierwall explain udp://168.138.110.244:50000 --json
  tierwall explain https://203.0.113.7 --sni meet.8x8.vc

TARGET is a URL (https, wss, http, ws, tls, tcp, udp, quic) or host:port, which is TCP. --sni and --host are names
that the client gives besides; with an address as TARGET they are what a transparent gateway sees. Exit status 1 says
that something is denied.""",
)
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@site_option
@policy_option
@click.option("--sni", metavar="NAME", help="The server name in the client's TLS handshake, where it is another.")
@click.option("--host", metavar="NAME", help="The name in the client's Host header, where it is another.")
@json_option
def explain_command(  # noqa: PLR0913 - one for each option
    *,
    targets: tuple[str, ...],
    site: str,
    policies: tuple[Path, ...],
    sni: str | None,
    host: str | None,
    as_json: bool,
) -> int:
    """Say whether a destination is let through, why not, and what that breaks. Resolves no name and connects to
    nothing."""
    from tierwall.cli.sites.explain import Question, explain, print_json, print_text  # noqa: PLC0415

    explanations = explain(Question(targets=targets, site=site, policies=policies, sni=sni, host=host))
    return print_json(explanations) if as_json else print_text(explanations)


@cli.command(
    "lint",
    short_help="Say what is odd about vendor and site files.",
    epilog="""\b
Examples:
  tierwall lint
  tierwall lint customer.yaml
  tierwall lint policies/ --json

Exit status 1 says that there is an error or a warning; notes alone are none. Files that do not load are bad input:
every fault of them is named, with its line, and the status is 2.""",
)
@click.argument("files", metavar="[FILE|DIR]...", nargs=-1, type=click.Path(path_type=Path))
@json_option
def lint_command(files: tuple[Path, ...], as_json: bool) -> int:
    """Say what is odd about vendor and site files, and what would mend it. Without FILE, about the bundled ones."""
    from tierwall.cli.sites.lint import lint, print_json, print_text  # noqa: PLC0415

    findings = lint(files)
    return print_json(findings) if as_json else print_text(findings)


@cli.command(
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


cli.add_command(audit_command)
cli.add_command(sites_command)
cli.add_command(vendors_command)
cli.add_command(new_site_command)
cli.add_command(import_command)
cli.add_command(reproduce_command)
cli.add_command(probe_command)
cli.add_command(diagnose_command)
cli.add_command(report_command)
cli.add_command(export_command)
cli.add_command(diff_command)
cli.add_command(learn_command)
cli.add_command(decide_command)
cli.add_command(fleet)
cli.add_command(watch_command)
cli.add_command(behaviour)
cli.add_command(ca)
cli.add_command(gateway)
cli.add_command(ship_command)
cli.add_command(bundle)
cli.add_command(doctor)
cli.add_command(help_command)
cli.add_command(schema_command)


@cli.command(
    "completion",
    short_help="Print a script that completes in your shell.",
    epilog="""\b
Examples:
  tierwall completion bash >> ~/.bashrc
  tierwall completion zsh >> ~/.zshrc
  tierwall completion fish > ~/.config/fish/completions/tierwall.fish""",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> int:
    """Print a script that completes commands, options and the names of sites in that shell."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(kind(cli, {}, "tierwall", "_TIERWALL_COMPLETE").source())
    return 0
