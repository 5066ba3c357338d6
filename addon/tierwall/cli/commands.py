"""What can be typed: commands, options, and help that teaches with an example.

Knows words only. The work is in the modules beside this one, each imported when its command is called.
"""

from typing import Final

import click
from click.shell_completion import get_completion_class

from tierwall import __version__
from tierwall.cli.audit.command import audit_command
from tierwall.cli.bundle.commands import bundle
from tierwall.cli.decide.command import decide_command
from tierwall.cli.documents.import_command import import_command
from tierwall.cli.export.command import export_command
from tierwall.cli.fleet.commands import fleet
from tierwall.cli.group import Commands
from tierwall.cli.lab.behaviour_commands import behaviour
from tierwall.cli.lab.ca_commands import ca
from tierwall.cli.lab.demo_command import demo_command
from tierwall.cli.lab.doctor_command import doctor
from tierwall.cli.lab.gateway_commands import gateway
from tierwall.cli.lab.run_command import run_command
from tierwall.cli.live.watch_command import watch_command
from tierwall.cli.probing.commands import diagnose_command, probe_command
from tierwall.cli.reporting.command import report_command
from tierwall.cli.ship.ship_command import ship_command
from tierwall.cli.sites.commands import new_site_command, reproduce_command, sites_command, vendors_command
from tierwall.cli.sites.diff_command import diff_command
from tierwall.cli.sites.judging_commands import explain_command, lint_command
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

Exit status: 0 done, 1 something was denied or found, 2 bad input, 3 something could not be shown.""",
)
@click.version_option(__version__, prog_name="tierwall", message="%(prog)s %(version)s")
def cli() -> None:
    """A corporate egress proxy for the lab: it enforces what vendors' documents ask a network to open, and says of
    every denial what it breaks."""


cli.add_command(run_command)
cli.add_command(explain_command)
cli.add_command(lint_command)
cli.add_command(demo_command)
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
