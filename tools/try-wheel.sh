#!/usr/bin/env bash
# try-wheel.sh UV PYTHON WHEEL: what a user gets from `uv tool install`: the wheel in a new environment, outside the clone.
set -euo pipefail
uv=$(realpath "$1") python=$("$2" -c "import sys; print(sys._base_executable)") wheel=$(realpath "$3") room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
UV_PYTHON_DOWNLOADS=never "$uv" venv --quiet --python "$python" venv
UV_PYTHON_DOWNLOADS=never "$uv" pip install --quiet --python venv/bin/python "$wheel"
env -i PATH=/usr/bin:/bin HOME="$room" TERM=dumb venv/bin/tierwall --version
env -i PATH=/usr/bin:/bin HOME="$room" TERM=dumb venv/bin/tierwall explain --site 8x8-core-only https://8x8.vc >/dev/null
env -i PATH=/usr/bin:/bin HOME="$room" TERM=dumb venv/bin/tierwall demo | tail -1
