#!/usr/bin/env bash
# What `make test-tools` runs: installs the packages of tests/tools.txt that are missing, or of the list that is named. Where
# there is no apt, it lists them.
set -euo pipefail
packages=$(awk '/^[^#]/ { print $1 }' "${1:-$(dirname "$0")/tools.txt}")

say() { printf '%s\n' "$*" >&2; }
if ! command -v apt-get >/dev/null; then
    say "no apt here; what the tests drive is, as Debian names it:" $packages
    exit 2
fi
missing=
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || missing+=" $package"
done
[ -n "$missing" ] || exit 0
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { say "run as root: apt-get install$missing"; exit 2; }
    as_root=(sudo)
fi
say "installing what the tests drive:$missing (TOOLS=no leaves it)"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
