"""`tierwall behaviour …`, as it can be typed.

Knows words only; the work is in behaviour.py.
"""

import click
from click.shell_completion import CompletionItem

from tierwall.cli.group import Commands
from tierwall.cli.options import json_option


def _names(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    from tierwall.policy.behaviour import BY_NAME  # noqa: PLC0415 - only completion needs it

    return [CompletionItem(name) for name in BY_NAME if name.startswith(typed)]


def _keys(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Of the behaviour that was named: its parameters, and those of a scope."""
    from dataclasses import fields  # noqa: PLC0415 - only completion needs them

    from tierwall.policy.behaviour import BY_NAME, Scope  # noqa: PLC0415

    kind = BY_NAME.get(context.params.get("name") or "")
    own = [each.name for each in fields(kind) if each.name != "scope"] if kind else []
    keys = [*own, *(f"scope.{each.name}" for each in fields(Scope))]
    return [CompletionItem(f"{key}=") for key in keys if key.startswith(typed)]


_name = click.argument("name", metavar="NAME", shell_complete=_names)
_site = click.option("--site", metavar="NAME", help="Which site, where the proxy serves several.")
_given = click.argument("assignments", metavar="[KEY=VALUE]...", nargs=-1, shell_complete=_keys)
_proxy = click.option("--proxy", metavar="PID", type=int, help="Which proxy, by its process id, where several run.")


@click.group(
    "behaviour",
    cls=Commands,
    short_help="Switch what a running proxy's middleboxes do.",
    epilog="""\b
Examples:
  tierwall behaviour list
  tierwall behaviour list --all
  tierwall behaviour off idle-timeout
  tierwall behaviour on latency delay=300ms
  tierwall behaviour set idle-timeout after=5s scope.vendor=vevox
  tierwall behaviour reset""",
)
def behaviour() -> None:
    """Switch behaviours of a proxy that runs, through a socket that only the same user can open. Connections that stand
    take up those on octets at once; the others show on the next connection. The site's file is not touched: what was
    switched lasts until `reset`, or until the proxy ends."""


@behaviour.command("list", short_help="Say what is on.")
@_proxy
@_site
@click.option("--all", "every", is_flag=True, help="All kinds that there are, whatever runs.")
@json_option
def list_command(*, proxy: int | None, site: str | None, every: bool, as_json: bool) -> int:
    """Say which behaviours are on, with what they act on, and which were switched."""
    from tierwall.cli.lab.behaviour import (  # noqa: PLC0415
        Where,
        known,
        listed,
        print_json,
        print_known_json,
        print_known_text,
        print_text,
    )

    if every:
        return (print_known_json if as_json else print_known_text)(known())
    return (print_json if as_json else print_text)(listed(Where(proxy, site)))


@behaviour.command("on", short_help="Switch one on.")
@_name
@_given
@_proxy
@_site
@json_option
def on_command(*, name: str, assignments: tuple[str, ...], proxy: int | None, site: str | None, as_json: bool) -> int:
    """Switch a behaviour on: as the site's file has it, or with these parameters and the defaults."""
    from tierwall.cli.lab.behaviour import Where, print_json, print_text, switched  # noqa: PLC0415

    return (print_json if as_json else print_text)(switched(Where(proxy, site), name, assignments))


@behaviour.command("set", short_help="Change parameters of one.")
@_name
@click.argument("assignments", metavar="KEY=VALUE...", nargs=-1, required=True, shell_complete=_keys)
@_proxy
@_site
@json_option
def set_command(*, name: str, assignments: tuple[str, ...], proxy: int | None, site: str | None, as_json: bool) -> int:
    """Change parameters of a behaviour, and switch it on where it is not."""
    from tierwall.cli.lab.behaviour import Where, print_json, print_text, switched  # noqa: PLC0415

    return (print_json if as_json else print_text)(switched(Where(proxy, site), name, assignments))


@behaviour.command("off", short_help="Switch one off.")
@_name
@_proxy
@_site
@json_option
def off_command(*, name: str, proxy: int | None, site: str | None, as_json: bool) -> int:
    """Switch a behaviour off."""
    from tierwall.cli.lab.behaviour import Where, print_json, print_text, switched  # noqa: PLC0415

    return (print_json if as_json else print_text)(switched(Where(proxy, site), name, None))


@behaviour.command("reset", short_help="Take every switch back.")
@_proxy
@_site
@json_option
def reset_command(*, proxy: int | None, site: str | None, as_json: bool) -> int:
    """As the site's file says again."""
    from tierwall.cli.lab.behaviour import Where, print_json, print_text, taken_back  # noqa: PLC0415

    return (print_json if as_json else print_text)(taken_back(Where(proxy, site)))
