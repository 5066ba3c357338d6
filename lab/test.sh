#!/usr/bin/env bash
# What `make test-lab` runs: the images are made, then tests/lab drives the lab with real clients, and takes it down.
# test.sh PYTHON [PYTEST_ARGUMENT]...
set -euo pipefail
python=$1
shift
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
if ! docker info >/dev/null 2>&1; then
    say "no Docker Engine answers. Start it (systemctl start docker), or run the tests with one of their own:"
    say "  sudo lab/engine.sh make test-lab"
    exit 2
fi
if docker compose version >/dev/null 2>&1; then compose="docker compose"
elif command -v docker-compose >/dev/null; then compose=docker-compose
else
    say "Docker Compose is not installed (apt-get install docker-compose)"
    exit 2
fi

# A CA that this machine's pip needs is one that the image's pip needs as well.
logs=$(mktemp -d)
made=
trap 'rm -rf "$logs" ${made:+"$made"}' EXIT
bundle=${PIP_CERT:-${REQUESTS_CA_BUNDLE:-}}
if [ -n "$bundle" ] && [ ! -e lab/trust/test-lab.crt ]; then
    made=lab/trust/test-lab.crt
    cat "$bundle" >"$made"
fi
if [ -z "${TIERWALL_BASE:-}" ]; then
    pinned=$(sed -n 's/^ARG BASE=//p' Dockerfile)
    if docker image inspect tierwall-base >/dev/null 2>&1; then export TIERWALL_BASE=tierwall-base
    elif ! docker image inspect "$pinned" >/dev/null 2>&1 && ! timeout 300 docker pull -q "$pinned" >/dev/null 2>&1; then
        say "no image can be pulled here; making one"
        lab/base-image.sh tierwall-base
        export TIERWALL_BASE=tierwall-base
    fi
fi
$compose --profile client build browser >"$logs/client" 2>&1 &
client=$!
$compose --profile gateway --profile offline build gateway stand-ins >"$logs/tierwall" 2>&1 || { tail -30 "$logs/tierwall" >&2; exit 1; }
wait "$client" || { tail -30 "$logs/client" >&2; exit 1; }
TIERWALL_COMPOSE=$compose "$python" -m pytest tests/lab "$@"
