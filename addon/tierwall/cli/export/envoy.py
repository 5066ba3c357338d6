"""`tierwall export --to envoy`: a site -> a folder that an Envoy is started from, or takes new lists from.

Knows files and what is said; the resources are fleet/envoy's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

from tierwall.cli.export.export import EnvoyOptions, Question, loaded
from tierwall.cli.faults import BadInput
from tierwall.cli.output import talk
from tierwall.cli.places import read_place
from tierwall.events.hostile_text import visible
from tierwall.fleet.envoy import Bundle, BundleFile, CannotExpress, Place, Settings, bundle_of
from tierwall.loader.faults import quoted, shown_path
from tierwall.policy.model import Catalogue, Network
from tierwall.policy.site import LOOPBACK_CLIENTS, Site


def export_envoy(question: Question, options: EnvoyOptions) -> int:
    """Write it and say what is different in Envoy. Raises BadInput with everything that Envoy cannot express."""
    faults = list(_unused(question))
    settings = _settings(options, faults)
    clients = _networks(options.clients, faults)
    if (folder := question.folder) is None:
        faults.append("an Envoy is several files: -o FOLDER says where")
    found = loaded(question, faults)
    if found is None or folder is None or faults:
        raise BadInput(faults)
    catalogue, site = found
    if clients:
        site = replace(site, clients=(*(LOOPBACK_CLIENTS if site.clients is None else site.clients), *clients))
    bundle = written(site, catalogue, settings, folder)
    lists = [file for file in bundle.files if "/" in file.name]
    for file in bundle.files:
        if file not in lists:
            _say(f"{shown_path(folder / file.name)}: {file.says}")
    if lists:
        _say(f"{shown_path(folder / 'lists')}: {len(lists)} lists, replaced while Envoy runs when you export again")
    for note in bundle.notes:
        _say(f"note: {note}")
    if site.clients is None:
        _say("note: the site names no clients, so that this machine alone is served: --clients NETWORK")
    return 0


def _unused(question: Question) -> Iterator[object]:
    given = {
        "--vendor": question.vendors,
        "--tier": question.tiers,
        "--what": question.what,
        "--diff": question.old,
    }
    for option, value in given.items():
        if value:
            yield f"{option}: an Envoy enforces a whole site; write one that admits just that (docs/sites.md)"


def _settings(options: EnvoyOptions, faults: list[object]) -> Settings:
    def read(option: str, text: str | None) -> Place | None:
        return None if text is None else read_place(option, text, faults)

    default = Settings()
    return Settings(
        explicit=read("--listen", options.listen) or default.explicit,
        transparent=read("--transparent", options.transparent),
        admin=read("--admin", options.admin) or default.admin,
        uid=default.uid if options.uid is None else options.uid,
        node=default.node if options.node is None else options.node,
        control_plane=tuple(
            place for text in options.control_plane if (place := read("--control-plane", text)) is not None
        ),
        log_to=read("--log-to", options.log_to),
    )


def _networks(texts: Sequence[str], faults: list[object]) -> list[Network]:
    found: list[Network] = []
    for text in texts:
        try:
            found.append(ip_network(text))
        except ValueError as wrong:
            faults.append(f"--clients {quoted(text)}: {wrong}")
    return found


def written(site: Site, catalogue: Catalogue, settings: Settings, folder: Path) -> Bundle:
    """The files, each put in its place at once: Envoy looks at what is moved into the folder of its lists."""
    try:
        bundle = bundle_of(site, catalogue, settings)
    except CannotExpress as cannot:
        raise BadInput([cannot]) from None
    try:
        for file in bundle.files:
            _put(folder / file.name, file)
    except OSError as cause:
        raise BadInput([f"{cause.filename}: cannot be written: {cause.strerror}"]) from None
    return bundle


def _put(path: Path, file: BundleFile) -> None:
    text = file.text.encode()
    if path.is_file() and path.read_bytes() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    coming = path.with_name(f".{path.name}.new")
    coming.write_bytes(text)
    coming.chmod(0o755 if file.executable else 0o644)
    coming.replace(path)


def _say(line: str) -> None:
    talk().print(visible(line), soft_wrap=True)
