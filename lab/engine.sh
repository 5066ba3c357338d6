#!/usr/bin/env bash
# engine.sh COMMAND...: runs it with a Docker Engine of its own, for machines where none runs (no systemd, say). Everything
# that the engine made goes with it: images, networks, its firewall rules. The lab's containers reach nothing but each other.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }
faults=0
[ "$(id -u)" -eq 0 ] || { say "a Docker Engine needs root: sudo $0 $*"; faults=1; }
for program in dockerd docker iptables; do
    command -v "$program" >/dev/null || { say "$program is not installed: apt-get install docker.io docker-compose"; faults=1; }
done
if ip link show docker0 >/dev/null 2>&1; then
    say "docker0 is here already: an engine runs, or ran; use that one, or: ip link del docker0"
    faults=1
fi
[ "$faults" -eq 0 ] || exit 2

home=$(mktemp -d)
export DOCKER_HOST=unix://$home/docker.sock
{
    iptables-save
    # A table that nobody had used is not in there, and restoring it is to empty it.
    iptables-save | grep -q '^\*filter' || printf '*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n'
    iptables-save | grep -q '^\*nat' || printf '*nat\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\nCOMMIT\n'
} >"$home/before"
# Those that iptables makes.
tables() { { nft list tables 2>/dev/null || true; } | grep -E '^table ip6? (filter|nat|mangle|raw)$' | sort || true; }
tables >"$home/tables"
# The lab's networks have IPv6, for which an engine sets two more.
forwarding=$(grep -s . /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/{all,default}/forwarding || true)
dockerd --data-root "$home/data" --exec-root "$home/exec" --pidfile "$home/pid" --host "$DOCKER_HOST" >"$home/log" 2>&1 &
engine=$!

leave() {
    # Bridges outlive the engine, and would take the addresses from the next one.
    docker ps --all --quiet | xargs --no-run-if-empty docker rm --force --volumes >/dev/null || true
    docker network prune --force >/dev/null || true
    kill "$engine" 2>/dev/null && wait "$engine" || true
    ip link del docker0 2>/dev/null || true
    iptables-restore <"$home/before"
    tables | comm -13 "$home/tables" - | while read -r word family name; do nft delete "$word" "$family" "$name" || true; done
    while IFS=: read -r setting value; do echo "$value" >"$setting"; done <<<"$forwarding"
    [ -z "${kept:-}" ] || nft delete table ip6 tierwall_lab || true
    rm -rf "$home"
}
trap leave EXIT

for _ in $(seq 60); do
    docker info >/dev/null 2>&1 && break
    kill -0 "$engine" 2>/dev/null || break
    sleep 0.5
done
if ! docker info >/dev/null 2>&1; then
    say "no Docker Engine can run here; the last that dockerd said:"
    grep -E 'level=(error|fatal)|^failed' "$home/log" | tail -3 >&2 || tail -3 "$home/log" >&2
    exit 1
fi
# Stand-ins answer under real addresses: should one be missing, the question must not go to the real one.
out=$(ip -4 route show default | awk '{ print $5; exit }')
[ -z "$out" ] || iptables -I DOCKER-USER -s "${TIERWALL_OUTSIDE:-10.78.2}.0/24" -o "$out" -j DROP
# The same by IPv6. Its own interface is named, because the lab's bridges forward too, where bridges ask the firewall.
out=$(ip -6 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p;q')
if [ -n "$out" ] && nft -f - 2>/dev/null <<RULES
table ip6 tierwall_lab {
    chain kept {
        type filter hook forward priority -10;
        oifname "$out" ip6 saddr fc00::/7 ip6 daddr 2000::/3 drop
    }
}
RULES
then kept=yes; fi
"$@"
