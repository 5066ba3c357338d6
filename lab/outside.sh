#!/usr/bin/env bash
# outside.sh ROUTER STAND_INS: while the stand-ins run they are all that is outside, and the internet is otherwise.
# Default route and name server follow, twice a second; so `offline` can be started and stopped beside a running lab.
set -euo pipefail
router=$1 stand_ins=$2

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

now=
while sleep 0.5; do
    if timeout 1 bash -c ": </dev/tcp/$stand_ins/53" 2>/dev/null; then there=stand-ins; else there=internet; fi
    if [ "$there" != "$now" ]; then
        if [ "$there" = stand-ins ]; then
            ip route replace default via "$stand_ins" || continue # the network is not there yet
            ask_the_stand_ins
            echo "outside: the stand-ins; nothing goes to the internet"
        else
            ip route replace default via "$router" || continue
            nft delete table ip stand_ins 2>/dev/null || true
            echo "outside: the internet"
        fi
        now=$there
    fi
done
