"""`tierwall import`: a draft, a file that is brought up to date, and what changed since documents were read."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.importing.reading import document
from tierwall.cli import cli
from tierwall.loader.vendors import vendor_in

PAGE = "| Host | Ports | Purpose |\n|---|---|---|\n| *.acme.example | TCP 443 | Web |\n"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["import", *map(str, arguments)])


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


class Server(ThreadingHTTPServer):
    """Serves one text under every path, with an ETag; notes what was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.text = PAGE
        self.status = 200
        self.asked: list[tuple[str, str | None]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        etag = f'"{hash(self.server.text)}"'
        known = self.headers.get("If-None-Match")
        self.server.asked.append((self.path, known))
        same = known == etag and self.server.status == 200
        self.send_response(304 if same else self.server.status)
        self.send_header("ETag", etag)
        self.end_headers()
        if not same:
            self.wfile.write(self.server.text.encode())

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield found
        finally:
            found.shutdown()
            thread.join()


def written(text: str, name: str = "doc.md") -> Path:
    Path(name).write_text(text, encoding="utf-8")
    return Path(name)


def test_the_draft_goes_to_stdout_and_what_is_undecided_to_stderr() -> None:
    said = run(written(document("m365-endpoints-china.json"), "china.json"))

    assert said.exit_code == 0
    assert vendor_in(Path("x.yaml"), said.stdout).id == "microsoft-365"
    assert "A person has to decide" in said.stderr


def test_a_second_import_with_one_set_changed_shows_just_that() -> None:
    sets = json.loads(document("m365-endpoints-worldwide.json"))
    run(written(json.dumps(sets), "sets.json"), "-o", "m365.yaml")
    before = Path("m365.yaml").read_text(encoding="utf-8")
    next(each for each in sets if each["id"] == 12)["urls"].append("new.teams.example")

    said = run(written(json.dumps(sets), "sets.json"), "-o", "m365.yaml", "--json")

    assert json.loads(said.stdout) == [
        {
            "kind": "changed",
            "what": "rule",
            "id": "set-12",
            "values": [{"key": "hosts", "added": ["new.teams.example"], "removed": []}],
        }
    ]
    after = Path("m365.yaml").read_text(encoding="utf-8").splitlines()
    assert len([line for line in after if line not in before.splitlines()]) <= 2


def test_an_import_that_changes_nothing_leaves_the_file_as_it_is() -> None:
    run(written(PAGE), "-o", "acme.yaml", "--vendor", "acme")
    path = Path("acme.yaml")
    path.write_text(path.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    before = path.read_bytes(), path.stat().st_mtime_ns

    said = run("doc.md", "-o", "acme.yaml")

    assert said.stdout == "acme.yaml: nothing changed\n"
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_draft_lints_without_error() -> None:
    run(written(document("m365-endpoints-worldwide.json"), "sets.json"), "-o", "m365.yaml")

    found = json.loads(CliRunner().invoke(cli, ["lint", "m365.yaml", "--json"]).stdout)

    assert [each for each in found if each["severity"] == "error"] == []


def test_rows_are_chosen_and_the_choice_is_kept() -> None:
    run(written(document("m365-endpoints-worldwide.json"), "sets.json"), "--only", "serviceArea=Skype", "-o", "t.yaml")
    first = [rule.id for rule in vendor_in(Path("t.yaml")).rules]

    said = run("sets.json", "-o", "t.yaml")

    assert len(first) == 7
    assert "nothing changed" in said.stdout


def test_a_mapping_says_what_columns_mean_and_is_remembered() -> None:
    mapping = written("columns: {host: Wo}\nports: TCP 443\n", "map.yaml")
    Path("sub").mkdir()

    first = run(written("| Wo |x|\n|--|--|\n| a.acme.example |y|\n"), "--map", mapping, "-o", "sub/a.yaml")
    again = run("doc.md", "-o", "sub/a.yaml")

    assert first.exit_code == again.exit_code == 0
    assert vendor_in(Path("sub/a.yaml")).documents[0].map == "../map.yaml"
    assert "nothing changed" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.json"], "nowhere.json: no such file"),
        (["doc.md", "--form", "m365"], "cannot be read as m365"),
        (["doc.md", "--only", "x"], "is not KEY=VALUE"),
        (["doc.md", "--only", "need=x"], "no row is what --only asks for"),
        (["doc.md", "--vendor", "Acme Inc"], "write `acme-inc`"),
        (["doc.md", "--retrieved", "today"], "`today` is no day"),
        (["doc.md", "-o", "broken.yaml"], "broken.yaml"),
        (["doc.md", "--map", "broken.yaml"], "unknown key `x`"),
        ([], "SOURCE is missing"),
        (["--check", "doc.md"], "--check SOURCE needs --vendor ID"),
        (["--check", "--vendor", "vevvox"], "did you mean `vevox`?"),
        (["--check", "-o", "x.yaml"], "--check writes nothing"),
    ],
)
def test_bad_input_is_status_2_with_the_mend(arguments: list[str], said: str) -> None:
    written(PAGE)
    written("x: y\n", "broken.yaml")

    result = run(*arguments)

    assert result.exit_code == 2
    assert said in result.stderr


def test_an_address_is_fetched_and_noted_in_the_policy(server: Server) -> None:
    said = run(f"{server.address}/doc?id={{uuid}}", "--vendor", "acme", "-o", "acme.yaml")

    assert said.exit_code == 0
    assert vendor_in(Path("acme.yaml")).documents[0].url == f"{server.address}/doc?id={{uuid}}"
    assert "{uuid}" not in server.asked[0][0]


def test_it_goes_through_the_proxy_of_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.address)

    run("http://docs.acme.example/hosts", "-o", "acme.yaml")

    assert server.asked[0][0] == "http://docs.acme.example/hosts"
    assert Path("acme.yaml").exists()


def test_the_check_is_0_while_nothing_changed_and_asks_by_etag(server: Server) -> None:
    run(f"{server.address}/doc", "--vendor", "acme", "-o", "acme.yaml")

    said = run("--check", "--policy", "acme.yaml", "--vendor", "acme", "--json")

    assert (said.exit_code, json.loads(said.stdout)[0]["state"]) == (0, "same")
    assert server.asked[1][1] is not None


def test_the_check_is_1_and_says_what_changed(server: Server) -> None:
    run(f"{server.address}/doc", "--vendor", "acme", "-o", "acme.yaml")
    before = Path("acme.yaml").read_bytes()
    server.text = PAGE.replace("TCP 443", "TCP 443, 8443")

    said = run("--check", "--policy", "acme.yaml", "--vendor", "acme")

    assert said.exit_code == 1
    assert "rule *.acme.example" in said.stdout
    assert "ports: + tcp/8443" in said.stdout
    assert Path("acme.yaml").read_bytes() == before


def test_the_check_is_3_where_a_document_cannot_be_read(server: Server) -> None:
    run(f"{server.address}/doc", "--vendor", "acme", "-o", "acme.yaml")
    server.status = 503

    said = run("--check", "--policy", "acme.yaml", "--vendor", "acme")

    assert said.exit_code == 3
    assert "the server answers 503" in said.stdout


def test_the_check_takes_a_file_where_there_is_no_network() -> None:
    run(written(PAGE), "--vendor", "acme", "-o", "acme.yaml")
    written(PAGE.replace("*.acme", "*.app.acme"), "new.md")

    said = run("--check", "new.md", "--vendor", "acme", "--policy", "acme.yaml")

    assert said.exit_code == 1
    assert "+ *.app.acme.example" in said.stdout


def test_documents_that_no_program_reads_are_named_as_such() -> None:
    (found,) = json.loads(run("--check", "--vendor", "vevox", "--json").stdout)[:1]

    assert (found["vendor"], found["state"]) == ("vevox", "by-hand")
