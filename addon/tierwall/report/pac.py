"""What goes through the proxy -> a proxy auto-configuration file: JavaScript that browsers ask for each URL.

Knows the oldest engines that still read such files (no `let`, no `endsWith`), and asks no DNS: only literal addresses
are compared with networks. There is no `; DIRECT` behind the proxy: a browser that goes round it shows nothing.
"""

import json
import re
from typing import Final, Literal

from tierwall.policy.dialect import ANY, ONE, SOME, Reading, Shape
from tierwall.policy.model import Address
from tierwall.policy.projections.pac_targets import Steering

MEDIA_TYPE: Final = "application/x-ns-proxy-autoconfig"

_ANY_NUMBER: Final = 127
"""Labels: no name has more (RFC 1035 section 2.3.4)."""

_LABELS: Final = {ONE: r"[^.]+\.", SOME: r"(?:[^.]+\.)+", ANY: r"(?:[^.]+\.)*"}

_EVERYTHING: Final = """\
var PROXY = {proxy};
var ITSELF = {itself};

function FindProxyForURL(url, host) {{
  host = host.toLowerCase().replace(/^\\[|\\]$/g, "").replace(/\\.$/, "");
  if (host === ITSELF || host === "::1" || /^127\\.\\d+\\.\\d+\\.\\d+$/.test(host) || /(^|\\.)localhost$/.test(host)) {{
    return "DIRECT";
  }}
  return PROXY;
}}
"""

_LISTED: Final = """\
var PROXY = {proxy};
// A name goes through the proxy where it has so many labels before one of these: fewest and most, in pairs.
var HOSTS = {hosts};
// Or where the name with a dot behind it fits one of these.
var SHAPES = {shapes};
// Literal addresses in these networks do too.
var NETWORKS = {networks};

function FindProxyForURL(url, host) {{
  host = host.toLowerCase().replace(/^\\[|\\]$/g, "").replace(/\\.$/, "");
  var words = addressWords(host);
  return (words ? inNetworks(words) : isListed(host)) ? PROXY : "DIRECT";
}}

function isListed(host) {{
  var labels = host.split("."), before, i, ranges;
  for (before = 0; before <= labels.length; before++) {{
    var base = labels.slice(before).join(".");
    ranges = Object.prototype.hasOwnProperty.call(HOSTS, base) ? HOSTS[base] : [];
    for (i = 0; i < ranges.length; i += 2) {{
      if (ranges[i] <= before && before <= ranges[i + 1]) return true;
    }}
  }}
  for (i = 0; i < SHAPES.length; i++) {{
    if (new RegExp(SHAPES[i]).test(host + ".")) return true;
  }}
  return false;
}}

function inNetworks(words) {{
  for (var i = 0; i < NETWORKS.length; i++) {{
    var network = NETWORKS[i].split("/"), base = addressWords(network[0]);
    if (base.length === words.length && within(words, base, 1 * network[1])) return true;
  }}
  return false;
}}

{addresses}"""

ADDRESSES: Final = """\
function within(words, network, bits) {
  for (var i = 0; 16 * i < bits; i++) {
    var shift = Math.max(0, 16 * (i + 1) - bits);
    if (words[i] >> shift !== network[i] >> shift) return false;
  }
  return true;
}

// Two 16-bit words of an IPv4 address, eight of an IPv6 one, null for a name.
function addressWords(host) {
  var four = /^(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})$/.exec(host);
  if (four) return [256 * four[1] + 1 * four[2], 256 * four[3] + 1 * four[4]];
  if (host.indexOf(":") < 0) return null;
  var halves = host.split("::"), words = hexWords(halves[0]), tail = hexWords(halves[1] || "");
  while (words.length + tail.length < 8) words.push(0);
  words = words.concat(tail);
  // ::ffff:0:0/96 (RFC 4291 section 2.5.5.2) is IPv4.
  return within(words, [0, 0, 0, 0, 0, 65535, 0, 0], 96) ? words.slice(6) : words;
}

function hexWords(text) {
  var texts = text ? text.split(":") : [], words = [], i;
  for (i = 0; i < texts.length; i++) words.push(parseInt(texts[i], 16));
  return words;
}
"""
"""`addressWords` and `within`: addresses and networks as 16-bit words, for files that compare them."""


type Word = Literal["PROXY", "HTTPS"]
"""How clients speak to the proxy itself: in the clear, or in TLS."""


def pac_for_listed(steering: Steering, proxy: tuple[str | Address, int], word: Word = "PROXY") -> str:
    """The file that sends what is listed to the proxy, and nothing else."""
    hosts: dict[str, list[int]] = {}
    for reading in steering.readings:
        hosts.setdefault(reading.base, []).extend(_range(reading))
    return _LISTED.format(
        proxy=_directive(proxy, word),
        hosts=json.dumps(hosts).replace("], ", "],\n  "),
        shapes=json.dumps([_pattern(shape) for shape in steering.shapes]),
        networks=json.dumps([str(network) for network in steering.networks]).replace(", ", ",\n  "),
        addresses=ADDRESSES,
    )


def pac_for_everything(proxy: tuple[str | Address, int], word: Word = "PROXY") -> str:
    """The file that sends all but the proxy itself and this very machine to the proxy."""
    return _EVERYTHING.format(proxy=_directive(proxy, word), itself=json.dumps(str(proxy[0])))


def _directive(proxy: tuple[str | Address, int], word: Word) -> str:
    host = str(proxy[0])
    return json.dumps(f"{word} [{host}]:{proxy[1]}" if ":" in host else f"{word} {host}:{proxy[1]}")


def _range(reading: Reading) -> tuple[int, int]:
    return reading.fewest, _ANY_NUMBER if reading.most is None else reading.most


def _pattern(shape: Shape) -> str:
    labels = (_LABELS.get(label) or re.escape(label).replace(r"\*", "[^.]*") + r"\." for label in shape.labels)
    return f"^{''.join(labels)}$"
