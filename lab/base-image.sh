#!/usr/bin/env bash
# Makes the base image of the lab where no image can be pulled: Debian trixie by debootstrap, with its Python 3.13.
# Needs root, debootstrap and a running Docker Engine. Packages come from where this machine gets its own.
set -euo pipefail
image=${1:-tierwall-base}

say() { printf '%s\n' "$*" >&2; }
faults=0
[ "$(id -u)" -eq 0 ] || { say "debootstrap needs root: sudo $0"; faults=1; }
command -v debootstrap >/dev/null || { say "debootstrap is not installed: apt-get install debootstrap"; faults=1; }
docker info >/dev/null 2>&1 || { say "no Docker Engine answers: systemctl start docker, or: dockerd &"; faults=1; }
[ "$faults" -eq 0 ] || exit 2

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' 2>/dev/null | head -1)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
say "debootstrap: trixie${mirror:+ from $mirror}, half a minute or so"
debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv trixie "$root/debian" ${mirror:+"$mirror"} \
    >"$root/log" 2>&1 || { tail -5 "$root/log" >&2; exit 1; }
rm -rf "$root"/debian/var/cache/apt/archives/*.deb "$root"/debian/var/lib/apt/lists/*
tar -C "$root/debian" -c . | docker import --change 'CMD ["bash"]' - "$image" >/dev/null
say "made the image $image"
