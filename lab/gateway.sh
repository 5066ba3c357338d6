#!/usr/bin/env bash
# gateway.sh INSIDE OUTSIDE ROUTER STAND_INS STAND_INS_6 RUN_OPTION...: the container with these two addresses becomes the gateway.
# Rules and routes live in its network namespace, and go with it.
set -euo pipefail
inside=$1 outside=$2 router=$3 stand_ins=$4 stand_ins_6=$5
shift 5

interface_of() { ip -o -4 addr show | awk -v address="$1" 'index($4, address "/") == 1 { print $2 }'; }

tierwall gateway up --inside "$(interface_of "$inside")" --outside "$(interface_of "$outside")" >/dev/null
ip route replace default via "$router" # Docker may have chosen the inside
/opt/tierwall/lab/outside.sh "$router" "$stand_ins" "$stand_ins_6" &
exec tierwall run --gateway "$@"
