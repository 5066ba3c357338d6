"""Browsers: the managed policies of Chromium and Firefox, and a proxy auto-configuration file.

Knows that a policy filters what is navigated to: what a page asks for itself goes on, and so does UDP.
"""

import json
from typing import Final

from tierwall.export.grant import Grant
from tierwall.export.ports import of_transport
from tierwall.export.product import File, Job, Limit, Rendered, check, spelled
from tierwall.export.spelling import LABELS, Form, spell
from tierwall.policy.dialect import Dialect, Reading
from tierwall.policy.model import Transport
from tierwall.report.pac import ADDRESSES

FILTERS: Final = Limit(1000, "URL filters", "Chrome Enterprise help, URLAllowlist")

FIREFOX_FORMS: Final = (Form("*://{}/*", 0, 0), Form("*://*.{}/*", 0, None))
"""`*.` before a host is any subdomain and the host itself (MDN, Match patterns in extension manifests)."""

FIREFOX_PATTERNS: Final = Limit(1000, "match patterns", "Firefox policy templates, WebsiteFilter")


def chrome(job: Job) -> Rendered:
    """All is blocked but these: /etc/chromium/policies/managed/, /etc/opt/chrome/policies/managed/ or the registry."""
    found = spelled(Dialect.CHROME_POLICY, job.names)
    check(FILTERS, len(found.spellings))
    policy = {"URLBlocklist": ["*"], "URLAllowlist": list(found.spellings)}
    return Rendered(
        files=(File(".json", json.dumps(policy, indent=2) + "\n", "a managed policy of Chrome, Edge or Chromium"),),
        wider=found.wider,
        short=found.short,
        left=found.left,
        notes=(_NAVIGATED,),
    )


def firefox(job: Job) -> Rendered:
    """All is blocked but these: policies.json in the folder `distribution` beside the program, or in /etc/firefox."""
    found = spell(FIREFOX_FORMS, job.names)
    check(FIREFOX_PATTERNS, len(found.spellings))
    policy = {"policies": {"WebsiteFilter": {"Block": ["<all_urls>"], "Exceptions": list(found.spellings)}}}
    return Rendered(
        files=(File(".json", json.dumps(policy, indent=2) + "\n", "policies.json of Firefox"),),
        wider=found.wider,
        short=found.short,
        left=found.left,
        notes=(_NAVIGATED,),
    )


_NAVIGATED: Final = "the browser filters pages and frames that are opened, not what a page itself asks for"


def pac(job: Job) -> Rendered:
    """What is asked for goes LISTED, all else OTHERS: whoever hosts the file says what these are."""
    hosts: dict[str, list[list[int]]] = {}
    networks: list[list[str | int]] = []
    left: list[tuple[Grant, str]] = []
    for grant in job.grants:
        spans = [number for each in of_transport(grant.ports, Transport.TCP) for number in (each.first, each.last)]
        match grant.destination:
            case Reading(base, fewest, most):
                hosts.setdefault(base, []).append([fewest, LABELS if most is None else most, *spans])
            case _ if grant.network is not None:
                networks.append([str(grant.network), *spans])
            case _:
                left.append((grant, "a wildcard within a name, or an open end"))
    body = _SCRIPT.format(
        hosts=",\n  ".join(f"{json.dumps(base)}: {json.dumps(found)}" for base, found in hosts.items()),
        networks=",\n  ".join(map(json.dumps, networks)),
        addresses=ADDRESSES,
    )
    text = job.header(len(job.grants), "//") + body
    return Rendered(files=(File(".pac", text, "a proxy auto-configuration file"),), left=tuple(left))


_SCRIPT: Final = """\
// Where what is listed goes: past the proxy, or to one that lets it through. Change both to yours.
var LISTED = "DIRECT";
var OTHERS = "PROXY proxy.example:8080";
// Names: fewest and most labels before each, then the first and last port of each range.
var HOSTS = {{
  {hosts}
}};
// Networks, for literal addresses alone, with ports in the same way.
var NETWORKS = [
  {networks}
];

function FindProxyForURL(url, host) {{
  var port = portOf(url), words;
  host = host.toLowerCase().replace(/^\\[|\\]$/g, "").replace(/\\.$/, "");
  words = addressWords(host);
  return (words ? isNetwork(words, port) : isHost(host, port)) ? LISTED : OTHERS;
}}

function portOf(url) {{
  var said = /^[a-z][a-z0-9+.-]*:\\/\\/(?:[^\\/?#@]*@)?(?:\\[[^\\]]*\\]|[^\\/?#:]*):(\\d+)/i.exec(url);
  return said ? 1 * said[1] : /^(?:https|wss):/i.test(url) ? 443 : 80;
}}

function hasPort(entry, from, port) {{
  for (var i = from; i < entry.length; i += 2) {{
    if (entry[i] <= port && port <= entry[i + 1]) return true;
  }}
  return false;
}}

function isHost(host, port) {{
  var labels = host.split("."), before, i, base, entries;
  for (before = 0; before <= labels.length; before++) {{
    base = labels.slice(before).join(".");
    entries = Object.prototype.hasOwnProperty.call(HOSTS, base) ? HOSTS[base] : [];
    for (i = 0; i < entries.length; i++) {{
      if (entries[i][0] <= before && before <= entries[i][1] && hasPort(entries[i], 2, port)) return true;
    }}
  }}
  return false;
}}

function isNetwork(words, port) {{
  for (var i = 0; i < NETWORKS.length; i++) {{
    var network = NETWORKS[i][0].split("/"), base = addressWords(network[0]);
    if (base.length === words.length && within(words, base, 1 * network[1]) && hasPort(NETWORKS[i], 1, port)) {{
      return true;
    }}
  }}
  return false;
}}

{addresses}"""
