#!/usr/bin/env bash
# outside.sh ROUTER STAND_INS STAND_INS_6: while the stand-ins run they are all that is outside, and the internet is otherwise.
# Default route and name server follow, twice a second; so `offline` can be started and stopped beside a running lab.
set -euo pipefail
router=$1 stand_ins=$2 stand_ins_6=$3

# Every program here asks Docker's name server, at 127.0.0.11, which asks the internet. The root file system is read-only,
# resolv.conf with it: the questions are translated instead. What has a loopback address from outside is dropped.
ask_the_stand_ins() {
    nft -f - <<RULES
table ip stand_ins {
    chain asked {
        type nat hook output priority -150;
        ip daddr 127.0.0.11 udp dport 53 dnat to $stand_ins
        ip daddr 127.0.0.11 tcp dport 53 dnat to $stand_ins
    }
    chain as_myself {
        type nat hook postrouting priority srcnat;
        oifname != lo ip saddr 127.0.0.0/8 masquerade
    }
    chain arriving {
        type filter hook prerouting priority raw;
        iifname != lo ip daddr 127.0.0.0/8 drop
    }
}
RULES
}

# An engine translates IPv6 from 27 on, if at all: what goes to the internet goes by IPv4. A client is told so at once, or it
# would wait for what the gateway has taken on and cannot reach.
no_ipv6() {
    ip -6 route del default 2>/dev/null || true
    nft -f - <<'RULES'
table ip6 no_internet
delete table ip6 no_internet
table ip6 no_internet {
    chain arriving {
        type filter hook prerouting priority raw;
        iifname != lo ip6 daddr 2000::/3 reject with icmpv6 no-route
    }
}
RULES
}

now=
while sleep 0.5; do
    if timeout 1 bash -c ": </dev/tcp/$stand_ins/53" 2>/dev/null; then there=stand-ins; else there=internet; fi
    if [ "$there" != "$now" ]; then
        if [ "$there" = stand-ins ]; then
            ip route replace default via "$stand_ins" || continue # the network is not there yet
            ip -6 route replace default via "$stand_ins_6" || continue
            nft delete table ip6 no_internet 2>/dev/null || true
            ask_the_stand_ins
            echo "outside: the stand-ins; nothing goes to the internet"
        else
            ip route replace default via "$router" || continue
            nft delete table ip stand_ins 2>/dev/null || true
            no_ipv6
            echo "outside: the internet"
        fi
        now=$there
    fi
done
