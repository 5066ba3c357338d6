#!/usr/bin/env bash
# stand-ins.sh ADDRESS FOLDER: every address but those of its own network leads to this container, which answers for all.
set -euo pipefail
own=$1 folder=$2

read -r network device < <(ip -4 route show scope link | awk '$1 ~ "/" && !/linkdown/ { print $1, $3; exit }')
# In the table `local`: only what is in there may be the source of an answer.
ip route add "$network" dev "$device" table local
ip route add local default dev lo table local
# The same by IPv6, in which neighbours find each other by addresses too.
device_6=$(ip -6 route show scope global | awk '$1 ~ "/" { print $3; exit }')
if [ -n "$device_6" ]; then
    ip -6 route show dev "$device_6" | awk '$1 ~ "/" { print $1 }' | while read -r network; do
        ip -6 route add "$network" dev "$device_6" table local
    done
    ip -6 route add local default dev lo table local
fi
python3 -m tierwall.standins.offline rules "$own" | nft -f -
exec python3 -m tierwall.standins.offline serve "$own" "$folder"
