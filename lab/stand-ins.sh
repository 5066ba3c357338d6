#!/usr/bin/env bash
# stand-ins.sh ADDRESS FOLDER: every address but those of its own network leads to this container, which answers for all.
set -euo pipefail
own=$1 folder=$2

read -r network device < <(ip -4 route show scope link | awk '$1 ~ "/" && !/linkdown/ { print $1, $3; exit }')
# In the table `local`: only what is in there may be the source of an answer.
ip route add "$network" dev "$device" table local
ip route add local default dev lo table local
python3 -m tierwall.standins.offline rules "$own" | nft -f -
exec python3 -m tierwall.standins.offline serve "$own" "$folder"
