#!/usr/bin/env bash
# What `make test-bare` runs: the README's two commands on systems that have what its "Needed" line says and nothing else,
# made by debootstrap. bare.sh [PART]...: bare (trixie, as root and as a user), tools (trixie, all tests with all tools),
# old (bookworm, whose Python is too old); all of them by default. Systems are kept in .bare/ and unpacked anew each time.
# Packages, and what pip and uv are told, come from where this machine gets its own.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=$PWD/.bare
parts=("$@")
[ $# -gt 0 ] || parts=(bare tools old)

say() { printf '\n== bare: %s (%s s)\n' "$*" "$SECONDS"; }
faults=0
[ "$(id -u)" -eq 0 ] || { echo "bare systems need root: sudo make test-bare" >&2; faults=1; }
for program in debootstrap git tar unshare; do
    command -v "$program" >/dev/null || { echo "$program is not installed: make test-tools" >&2; faults=1; }
done
[ "$faults" -eq 0 ] || exit 2
[ -z "$(git status --porcelain)" ] || echo "what is not committed is not tried" >&2

work=
# debootstrap, interrupted, leaves /proc mounted in there.
trap '[ -z "$work" ] || { umount -l "$work/system/proc" 2>/dev/null || true; rm -rf --one-file-system "$work"; }' EXIT
mkdir -p "$cache"

# NAME=VALUE of what this machine tells pip, uv, OpenSSL, and hypothesis (on CI it tries the same examples each time).
told=()
while IFS= read -r -d '' pair; do
    case ${pair%%=*} in
        CI | PIP_* | UV_* | SSL_CERT_* | REQUESTS_CA_BUNDLE | *_proxy | *_PROXY) told+=("$pair") ;;
    esac
done < <(env -0)

home() { [ "$1" = root ] && echo /root || echo "/home/$1"; }

# unpacked SUITE FOLDER: a bare system, made once.
unpacked() {
    local suite=$1 folder=$2 kept=$cache/$1.tar mirror
    if [ ! -f "$kept" ]; then
        mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' 2>/dev/null | head -1)
        debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv,make,git "$suite" "$folder" \
            ${mirror:+"$mirror"} >"$cache/log" 2>&1 || { tail -5 "$cache/log" >&2; return 1; }
        rm -rf "$folder"/var/cache/apt/archives/*.deb
        tar --numeric-owner --one-file-system -C "$folder" -cf "$kept.new" . && mv "$kept.new" "$kept"
    else
        mkdir -p "$folder" && tar --numeric-owner -C "$folder" -xpf "$kept"
    fi
    like_here "$folder"
    # Half of what the tests drive are servers, which are not to start here.
    printf '#!/bin/sh\nexit 101\n' >"$folder/usr/sbin/policy-rc.d"
    chmod 755 "$folder/usr/sbin/policy-rc.d"
    chroot "$folder" useradd --create-home --shell /bin/bash user
    chmod 700 "$folder$(home user)"
    git clone -q --no-hardlinks . "$folder$(home root)/tierwall"
    cp -r "$folder$(home root)/tierwall" "$folder$(home user)/tierwall"
    chroot "$folder" chown -R user:user /home/user
}

# like_here FOLDER: its apt, pip and uv reach what they reach here.
like_here() {
    local folder=$1 pair
    cp -L /etc/resolv.conf /etc/hosts "$folder/etc/"
    apt-config dump | grep -E '^Acquire::https?::' >"$folder/etc/apt/apt.conf.d/99here" || true
    mkdir -p "$folder/etc/xdg"
    for pair in /etc/pip.conf:etc/pip.conf "$HOME/.config/pip:etc/xdg/pip" "$HOME/.config/uv:etc/xdg/uv" /etc/uv:etc/uv; do
        [ ! -e "${pair%%:*}" ] || cp -r "${pair%%:*}" "$folder/${pair#*:}"
    done
    for pair in ${told[@]+"${told[@]}"}; do
        case ${pair#*=} in
            /*) [ ! -f "${pair#*=}" ] || install -D -m 644 "${pair#*=}" "$folder${pair#*=}" ;;
        esac
    done
}

# inside FOLDER USER COMMAND: runs it in there. The system is a mount point, as `ip netns` wants it, and no chroot, in
# which there are no user namespaces; its processes and mounts end with the command.
inside() {
    unshare --mount --propagation private --pid --fork --kill-child bash -euc '
        folder=$1 user=$2 home=$3 command=$4
        shift 4
        mount --bind "$folder" "$folder"
        cd "$folder"
        mount -t proc proc proc
        mount -t sysfs sysfs sys
        mount --rbind /dev dev
        mount -t tmpfs tmpfs run
        pivot_root . mnt
        exec chroot . sh -euc "umount -l /mnt; cd \"\$2/tierwall\"; user=\$1 home=\$2 command=\$3; shift 3
            exec setpriv --reuid \"\$user\" --regid \"\$user\" --init-groups env -i --default-signal \"\$@\" HOME=\"\$home\" USER=\"\$user\" \
                PATH=\"\$([ \"\$user\" = root ] && echo /usr/sbin:/sbin:)/usr/bin:/bin\" bash -euc \"\$command\"" \
            - "$user" "$home" "$command" "$@"
    ' - "$1" "$2" "$(home "$2")" "$3" ${told[@]+"${told[@]}"}
}

failed=()
# tests FOLDER USER ARGUMENT: what fails is tried once more by itself, and said, as in .ci/run; the rest goes on.
tests() {
    say "make test $3, as $2"
    inside "$1" "$2" "make test $3 || { echo '== a second try of what failed'; make test-again $3; }" || failed+=("make test $3, as $2")
}

for part in "${parts[@]}"; do
    case $part in bare | tools) suite=trixie ;; old) suite=bookworm ;; *) echo "bare.sh [bare|tools|old]..." >&2; exit 2 ;; esac
    work=$(mktemp -d "$cache/root.XXXXXX")
    say "a bare $suite"
    unpacked "$suite" "$work/system"
    system=$work/system
    case $part in
        bare)
            for user in root user; do
                say "make demo, as $user"
                inside "$system" "$user" "make demo" | tail -12
                tests "$system" "$user" TOOLS=no
            done
            ;;
        tools)
            tests "$system" root PYTEST_ARGS=--no-skips
            ;;
        old)
            say "make demo, where Python is too old"
            if inside "$system" user "make demo" 2>"$work/said"; then
                echo "make demo passed on bookworm" >&2
                exit 1
            fi
            cat "$work/said"
            grep -q '^make: Python 3.12 or newer is needed, and there is only Python 3\.[0-9.]*: .*install' "$work/said"
            [ "$(grep -vcE '^(make: [*]{3}|WARNING: )' "$work/said")" -eq 1 ]
            ;;
    esac
    rm -rf --one-file-system "$work"
    work=
done
[ ${#failed[@]} -eq 0 ] || { printf 'failed: %s\n' "${failed[@]}" >&2; exit 1; }
say done
