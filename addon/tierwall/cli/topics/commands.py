"""`tierwall help` and `tierwall schema`, as they can be typed.

Knows words only; the work is in topics.py and shipped.py.
"""

import click
from click.shell_completion import CompletionItem

from tierwall import shipped

TOPICS = ("modes", "reasons", "site", "behaviours", "dialects")


def _topics(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    commands = context.find_root().command
    names = [*TOPICS, *(commands.commands if isinstance(commands, click.Group) else ())]
    return [CompletionItem(name) for name in names if name.startswith(typed)]


@click.command(
    "help",
    short_help="Explain modes, reasons, site files, behaviours, dialects.",
    epilog="""\b
Examples:
  tierwall help modes
  tierwall help reasons | less
  tierwall help site
  tierwall help run                 the same as tierwall run --help""",
)
@click.argument("topic", metavar="[TOPIC|COMMAND]", required=False, shell_complete=_topics)
@click.pass_context
def help_command(context: click.Context, topic: str | None) -> int:
    """Explain a topic: modes, reasons, site, behaviours, dialects; or a command. Without any, list them."""
    root = context.find_root()
    commands = root.command.commands if isinstance(root.command, click.Group) else {}
    if topic is None:
        click.echo(root.get_help())
        click.echo(f"\nTopics: {', '.join(f'tierwall help {name}' for name in TOPICS)}")
        return 0
    if topic in TOPICS:
        from tierwall.cli.topics.topics import print_topic  # noqa: PLC0415 - half a second

        return print_topic(topic)
    if topic in commands:
        command = commands[topic]
        click.echo(command.get_help(click.Context(command, parent=root, info_name=topic)))
        return 0
    from tierwall.cli.faults import BadInput  # noqa: PLC0415
    from tierwall.loader.faults import unknown  # noqa: PLC0415

    sentence = unknown("topic or command", topic, [*TOPICS, *commands])
    raise BadInput([f"{sentence}; topics: {', '.join(TOPICS)}"])


@click.command(
    "schema",
    short_help="Print the JSON Schema of a file.",
    epilog="""\b
Examples:
  tierwall schema site > site.schema.json
  tierwall schema event | jq .properties""",
)
@click.argument("name", type=click.Choice(shipped.SCHEMAS))
def schema_command(name: str) -> int:
    """Print the JSON Schema (2020-12) of site files, vendor policies, events of the journal, what `audit --json`
    prints, or what `probe` writes."""
    click.echo(shipped.schema(name).rstrip())
    return 0
