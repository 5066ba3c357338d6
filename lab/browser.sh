#!/usr/bin/env bash
# browser.sh STAND_INS_CA URL: Chromium on a screen that noVNC shows on port 6080, opened anew when somebody closes it.
set -euo pipefail
ca=$1 url=$2
export DISPLAY=:1
store=sql:$HOME/.pki/nssdb

Xvnc :1 -SecurityTypes None -localhost -geometry "${TIERWALL_SCREEN:-1280x800}" -AlwaysShared -DisconnectClients=0 \
    >"$HOME/xvnc.log" 2>&1 &
websockify --web /usr/share/novnc 6080 127.0.0.1:5901 >"$HOME/novnc.log" 2>&1 &
until xdpyinfo >/dev/null 2>&1; do sleep 0.2; done
openbox &
mkdir -p "$HOME/.pki/nssdb"
certutil -N -d "$store" --empty-password 2>/dev/null || true

trusted=$(mktemp)
while :; do
    if [ -e "$ca" ] && ! cmp -s "$ca" "$trusted"; then
        cat "$ca" >"$trusted"
        certutil -D -d "$store" -n stand-ins 2>/dev/null || true
        certutil -A -d "$store" -n stand-ins -t C,, -i "$trusted"
    fi
    # Docker's seccomp profile leaves Chromium no sandbox of its own; the container is the sandbox. --test-type: without
    # a bar that says so. What it would tell its maker by itself stays out of the journal.
    chromium --no-sandbox --test-type --no-first-run --no-default-browser-check --start-maximized --disable-gpu \
        --disable-background-networking --disable-component-update --disable-sync --disable-default-apps \
        --hide-crash-restore-bubble --user-data-dir="$HOME/profile" "$url" >"$HOME/chromium.log" 2>&1 &
    browser=$!
    while kill -0 "$browser" 2>/dev/null; do
        if [ -e "$ca" ] && ! cmp -s "$ca" "$trusted"; then
            kill "$browser" # it reads its trust store when it starts
            wait "$browser" || true
        fi
        sleep 1
    done
done
