"""`tierwall-probe.pyz`, the probe as one file: `python -m tools.probe_archive [FILE]` makes it.

Knows what goes in: the package, the vendors' policies compiled, and the public authorities (Mozilla's, as
certifi has them). The same files make the same archive.
"""

import io
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import certifi

import tierwall
from tierwall.cli.probing.policies import compiled
from tierwall.loader import load_catalogue

FILE: Final = Path("dist", "tierwall-probe.pyz")

_PACKAGE: Final = Path(tierwall.__file__).parent / "probe"
_MAIN: Final = "import sys\n\nfrom tierwall.probe.command import main\n\nsys.exit(main())\n"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def archive() -> bytes:
    """The octets of the file."""
    made = io.BytesIO(b"")
    made.write(b"#!/usr/bin/env python3\n")
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as into:
        for name, octets in sorted(_files()):
            into.writestr(zipfile.ZipInfo(name, _EPOCH), octets, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _files() -> Iterator[tuple[str, bytes]]:
    yield "__main__.py", _MAIN.encode()
    yield "tierwall/__init__.py", f'__version__ = "{tierwall.__version__}"\n'.encode()
    for path in _PACKAGE.rglob("*.py"):
        yield f"tierwall/probe/{path.relative_to(_PACKAGE).as_posix()}", path.read_bytes()
    yield "tierwall/probe/policies.json", json.dumps(compiled(load_catalogue(())), separators=(",", ":")).encode()
    yield "tierwall/probe/authorities.pem", Path(certifi.where()).read_bytes()


if __name__ == "__main__":
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(archive())
    print(f"{file}: {file.stat().st_size:,} octets")
