#!/usr/bin/env bash
# Debian trixie with its Python 3.13 in a folder, for `python -m bench --debian FOLDER`: debian.sh FOLDER.
# Needs root and debootstrap. Packages, and what pip is told, come from where this machine gets its own.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -eq 1 ] || { echo "usage: bench/debian.sh FOLDER" >&2; exit 2; }
folder=$(realpath -m "$1")
[ "$(id -u)" -eq 0 ] || { echo "debootstrap needs root: sudo $0 $folder" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "debootstrap is not installed: apt-get install debootstrap" >&2; exit 2; }
if [ ! -x "$folder/usr/bin/python3" ]; then
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' 2>/dev/null | head -1)
    mkdir -p "$folder"
    debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv trixie "$folder" ${mirror:+"$mirror"} \
        >"$folder.log" 2>&1 || { tail -5 "$folder.log" >&2; exit 1; }
    rm -rf "$folder"/var/cache/apt/archives/*.deb
fi
cp -L /etc/resolv.conf /etc/hosts "$folder/etc/"
for pair in /etc/pip.conf:etc/pip.conf "$HOME/.config/pip:root/.config/pip"; do
    [ ! -e "${pair%%:*}" ] || { mkdir -p "$folder/$(dirname "${pair#*:}")"; cp -rT "${pair%%:*}" "$folder/${pair#*:}"; }
done
# Certificates that this machine's pip is told of are the same files in there.
for name in SSL_CERT_FILE PIP_CERT REQUESTS_CA_BUNDLE; do
    [ ! -f "${!name:-}" ] || install -D -m 644 "${!name}" "$folder${!name}"
done
[ -x "$folder/opt/tierwall/bin/python" ] || chroot "$folder" python3 -m venv /opt/tierwall
mkdir -p "$folder/src"
tar -C . -c pyproject.toml README.md LICENSE addon policies | tar -C "$folder/src" -x
chroot "$folder" /opt/tierwall/bin/pip install -q /src
echo "python -m bench --debian $folder"
