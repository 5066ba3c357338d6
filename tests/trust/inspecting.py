"""A proxy that inspects, for clients that trust the lab CA or do not; and a copy of the stores to write to."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support.running import Proxy, allow_private, running_proxy
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import HttpsOrigin, serve_in_thread

NAME: Final = "inspected.corp.example"
SITE: Final = f"""
version: 1
site: inspecting
admit: [{{hosts: [{NAME}], ports: [tcp/443]}}]
behaviours: [{{behaviour: tls-inspection}}]
"""

APART: Final = """
set -eu
folder=$1; shift
for path in /etc/ssl /usr/local/share/ca-certificates; do
    mkdir -p "$folder$path"; cp -a "$path/." "$folder$path/"; mount --bind "$folder$path" "$path"
done
mkdir "$folder/no-hooks"
mount --bind "$folder/no-hooks" /etc/ca-certificates/update.d
[ ! -e /usr/bin/keytool ] || mount --bind /dev/null /usr/bin/keytool
exec "$@"
"""
"""In a mount namespace: the system's store is a copy, and there is no Java, whose store dpkg's triggers would write."""


@contextmanager
def inspecting_proxy(folder: Path, state: Path) -> Iterator[Proxy]:
    """It does not trust the origin behind it, which it says in a page of its own: status 502, signed by the lab CA."""
    (folder / "site.yaml").write_text(SITE, encoding="utf-8")
    with serve_in_thread(HttpsOrigin(Authority(folder), [NAME])) as origin:
        arguments = ("--site", folder / "site.yaml", *allow_private(NAME, 443, origin.port))
        with running_proxy(*arguments, env={"XDG_STATE_HOME": str(state)}) as proxy:
            yield proxy
