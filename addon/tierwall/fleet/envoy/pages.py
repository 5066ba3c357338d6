"""What is beside the resources: the script that looks at the guards and starts Envoy, and a page for people.

Knows texts. The least version is the one that was tested.
"""

from collections.abc import Sequence
from typing import Final

from tierwall.fleet.envoy.guard import TABLE
from tierwall.fleet.envoy.settings import Place, Settings
from tierwall.policy.site import Site

LEAST_ENVOY: Final = "1.40.0"

_START: Final = """\
#!/bin/sh
# Starts Envoy in this folder, if none of the guards is missing. Exit status 3: refused.
#   ENVOY=/path/to/envoy   the program (default: envoy on PATH)
#   GUARD=elsewhere        the second guard is no nftables here, but a NetworkPolicy or firewall that you checked
cd "$(dirname "$0")" || exit 3
refuse() { echo "start.sh: $1" >&2; exit 3; }
envoy=${ENVOY:-envoy}
command -v "$envoy" >/dev/null || refuse "there is no $envoy: set ENVOY"

# Guard 1 and 3: tunnels that cannot swap hosts, lists outside of listeners. Older Envoys have neither, and say so in
# their own words when they read envoy.json; the version is looked at because it says it better.
version=$("$envoy" --version | sed -n 's|.*version: [0-9a-f]*/\\([0-9.]*\\).*|\\1|p')
[ "$(printf '%s\\n' @LEAST@ "$version" | sort -V | head -1)" = @LEAST@ ] ||
    refuse "Envoy $version is too old: @LEAST@ or newer"
for file in envoy.json check.json; do
    [ ! -e "$file" ] || said=$("$envoy" --mode validate -c "$file" -l critical 2>&1) ||
        refuse "Envoy does not take $file: $said"
done

options="-c envoy.json --disable-hot-restart --drain-time-s 3 --file-flush-interval-msec 1000"
options="$options --component-log-level rbac:error,misc:error"

# Guard 2: the kernel keeps Envoy's user from private addresses, whatever a name resolves to.
if [ "${GUARD:-nftables}" = nftables ]; then
    nft -n list table inet @TABLE@ 2>/dev/null | grep -q "skuid != @UID@ accept" ||
        refuse "the kernel guard for user @UID@ is not loaded: nft -f guard.nft (as root), or GUARD=elsewhere"
    if [ "$(id -u)" = 0 ]; then
        touch access.log && chown @UID@ access.log || refuse "access.log cannot be made for user @UID@"
        [ ! -d tls ] || chown -R @UID@ tls
        exec setpriv --reuid @UID@ --regid @UID@ --clear-groups "$envoy" $options "$@"
    fi
    [ "$(id -u)" = @UID@ ] ||
        refuse "the kernel guard is about user @UID@, and this is $(id -u): start it as root, or as @UID@"
fi
exec "$envoy" $options "$@"
"""


def start(uid: int) -> str:
    """The script. Reading the table takes CAP_NET_ADMIN, so that it begins as root and gives that up."""
    values = {"@LEAST@": LEAST_ENVOY, "@TABLE@": TABLE, "@UID@": str(uid)}
    text = _START
    for key, value in values.items():
        text = text.replace(key, value)
    return text


def readme(site: Site, settings: Settings, notes: Sequence[str]) -> str:
    """The page."""
    lines = [
        f"# The site {site.id}, for Envoy {LEAST_ENVOY} or newer",
        "",
        "Written by `tierwall export --to envoy`; every rule is judge's verdict. Start it, as root:",
        "",
        "    nft -f guard.nft",
        "    ./start.sh",
        "",
        f"Clients use {_place(settings.explicit)} as their HTTP proxy.",
    ]
    if settings.transparent is not None:
        lines.append(f"Connections redirected to {_place(settings.transparent)} (nftables `redirect`) are judged too.")
    served = "this machine alone" if site.clients is None else ", ".join(map(str, site.clients))
    lines += [
        f"Served: {served} (`clients` in the site file).",
        "",
        "## Three guards",
        "",
        "Without any of them Envoy lets through what the site denies; `start.sh` starts nothing without them.",
        "",
        "1. What CONNECT asked for reaches the listener that looks into the tunnel by a hashed key. An Envoy without",
        "   its factory, `envoy.hashable_string`, would mix tunnels up: it does not take envoy.json.",
        "2. Envoy looks at one of a name's addresses and may dial another. guard.nft keeps its user from those that",
        "   the site does not admit; on Kubernetes network-policy.yaml does (label the pods `app: tierwall-envoy`, and",
        "   start with GUARD=elsewhere once you have seen that your network enforces it).",
        "3. Lists are not in listeners, whose changes reset tunnels: they come "
        + (
            "from lists/"
            if not settings.control_plane
            else f"from the control plane at {', '.join(map(_place, settings.control_plane))}"
        )
        + ".",
        "",
        "## A new version of the site",
        "",
        *_news(settings),
        "",
        "## What is different from `tierwall run`",
        "",
        *(f"- {note}" for note in notes),
        "",
        "## What was denied, and what that breaks",
        "",
        "Envoy answers 403 with `x-tierwall-reason` and `x-tierwall-tier`; what is denied inside a tunnel is closed.",
        "access.log has a line for each; `tierwall fleet ingest access.log` makes events of it, with symptoms."
        if settings.log_to is None
        else f"Each is sent to {_place(settings.log_to)}, where `tierwall fleet ingest --listen` makes events of it.",
        "",
    ]
    return "\n".join(lines)


def _news(settings: Settings) -> Sequence[str]:
    if settings.control_plane:
        return ["The control plane sends it. Where `names` of the site changes, envoy.json does too: start anew."]
    return [
        "Export again into the same folder: each list is replaced at once, and Envoy takes it up while tunnels go on.",
        "Load guard.nft anew. Where envoy.json changes too (where it listens, `names` of the site), start anew.",
    ]


def _place(place: Place) -> str:
    return f"{place.host}:{place.port}"
