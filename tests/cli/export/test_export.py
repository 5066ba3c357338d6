"""`tierwall export`: lines to paste on stdout, everything else on stderr, bad input with its mend."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tierwall.cli import cli
from tierwall.export import ProductId
from tierwall.loader import bundled


def export(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["export", *arguments])


def test_stdout_has_the_lines_to_paste_and_nothing_else() -> None:
    done = export("--to", "pan-edl", "--vendor", "8x8", "--tier", "core")

    assert done.exit_code == 0
    assert done.stdout.splitlines() == ["8x8.com/", "*.8x8.com/", "jitsi.net/", "*.jitsi.net/", "8x8.vc/", "*.8x8.vc/"]
    assert "tw-8x8-core-pan-edl-ip.txt (a list of type IP); -o FOLDER writes it" in done.stderr
    assert "about: vendor 8x8 (8x8 Meet and Jitsi as a Service), as documented in: 8x8 Meetings" in done.stderr


def test_a_folder_gets_all_three_lists_and_what_the_product_cannot_carry(tmp_path: Path) -> None:
    done = export("--to", "pan-edl", "--vendor", "8x8", "-o", str(tmp_path / "request"))

    assert done.exit_code == 0
    assert done.stdout == ""
    assert {path.name for path in (tmp_path / "request").iterdir()} >= {
        "tw-8x8-pan-edl-url.txt",
        "tw-8x8-pan-edl-ip.txt",
        "tw-8x8-bypass-pan-edl-ip.txt",
        "tw-8x8-inbound-pan-edl-ip.txt",
        "tw-8x8-rest-pan-set.txt",
    }


def test_inbound_callers_are_in_no_other_list(tmp_path: Path) -> None:
    export("--to", "json", "--vendor", "8x8", "-o", str(tmp_path))

    egress = [path.read_text() for path in tmp_path.iterdir() if "inbound" not in path.name]
    assert egress
    assert not any("52.26.201.32" in text for text in egress)
    assert "52.26.201.32" in (tmp_path / "tw-8x8-inbound-json.json").read_text()


def test_a_wider_spelling_is_said_and_strict_refuses_it(tmp_path: Path) -> None:
    said = export("--to", "squid", "--vendor", "vevox", "--tier", "core")
    strict = export("--to", "squid", "--vendor", "vevox", "--tier", "core", "--strict", "-o", str(tmp_path / "none"))

    assert "warning: `.vevox.com` admits besides: vevox.com (asked: all below vevox.com)" in said.stderr
    assert "# ! `.vevox.com` admits besides: vevox.com" in said.stdout
    assert (strict.exit_code, strict.stdout) == (1, "")
    assert "refused: `.vevox.com` admits besides: vevox.com" in strict.stderr
    assert not (tmp_path / "none").exists()


def test_strict_lets_through_what_is_exact() -> None:
    assert export("--to", "pan-edl", "--vendor", "vevox", "--strict").exit_code == 0


def test_behaviours_of_a_site_are_said_not_to_be_a_list() -> None:
    done = export("--to", "csv", "--site", "dpi-https-only")

    assert done.exit_code == 0
    assert "site dpi-https-only has behaviours (dpi-https-only): they are not a list" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "export to what? `--to PRODUCT`; `tierwall export --list` has the products"),
        (["--to", "pan-edk"], "unknown product `pan-edk`; did you mean `pan-edl`?"),
        (["--to", "csv", "--vendor", "vevo"], "unknown vendor `vevo`; did you mean `vevox`?"),
        (["--to", "csv", "--tier", "cor,none"], "unknown tier `cor`; did you mean `core`?"),
        (["--to", "csv", "--what", "allow,bypas"], "unknown list `bypas`; did you mean `bypass`?"),
        (
            ["--to", "csv", "--vendor", "vevox", "--tier", "analytics"],
            "vevox has no tier analytics: it has core, auxil",
        ),
        (
            ["--to", "csv", "--vendor", "vsee-qatar", "--tier", "analytics"],
            "admits nothing of vsee-qatar in these tiers",
        ),
        (["--to", "csv", "--site", "closed"], "nothing to export: site closed admits nothing"),
        (["--to", "csv", "--vendor", "vevox", "--what", "inbound"], "the list `inbound` of Vevox is empty"),
    ],
)
def test_bad_input_is_one_clear_message(arguments: list[str], said: str) -> None:
    done = export(*arguments)

    assert done.exit_code == 2
    assert done.stdout == ""
    assert said in done.stderr


def test_every_fault_of_a_command_line_is_named_at_once() -> None:
    done = export("--to", "nowhere", "--vendor", "acme", "--tier", "all", "--site", "none-such")

    assert all(word in done.stderr for word in ("product `nowhere`", "vendor `acme`", "tier `all`", "site `none-such`"))


def test_a_name_that_the_product_does_not_take_is_named(tmp_path: Path) -> None:
    site = tmp_path / "lab.yaml"
    site.write_text('version: 1\nsite: lab\nadmit: [{hosts: ["a.my_corp.example", "my_corp.example"]}]\n')

    done = export("--to", "zscaler", "--site", str(site))

    assert done.exit_code == 2
    assert "my_corp.example: Zscaler takes no underscore in the top or second level of a domain" in done.stderr


def test_the_list_of_products_has_every_product_for_people_and_programs() -> None:
    found = json.loads(export("--list", "--json").stdout)

    assert [each["product"] for each in found] == [*ProductId, "envoy"]
    assert all(each["documents"] and each["checked"] for each in found)
    assert all(product in export("--list").stdout for product in ProductId)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    done = export("--to", "csv", "--vendor", "vevox", "-o", str(tmp_path / "file" / "below"))

    assert done.exit_code == 2
    assert "cannot be written: Not a directory" in done.stderr


def test_nothing_changed_since_the_same_export(tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text(export("--to", "squid", "--vendor", "vevox").stdout)

    done = export("--to", "squid", "--vendor", "vevox", "--diff", str(tmp_path / "old.txt"))

    assert (done.exit_code, done.stdout) == (0, "")
    assert "nothing changed" in done.stderr


@pytest.mark.parametrize("product", ProductId)
def test_what_changed_since_an_earlier_export_is_said_with_the_services(product: ProductId, tmp_path: Path) -> None:
    export("--to", product, "--vendor", "8x8", "--tier", "core", "-o", str(tmp_path))

    done = export(
        "--to", product, "--vendor", "8x8", "--tier", "core", "--policy", _changed(tmp_path), "--diff", str(tmp_path),
        "--what", "allow,bypass,inbound",
    )  # fmt: skip

    assert done.exit_code == 1, done.stderr
    changed = [line for line in done.stdout.splitlines() if "jitsi" in line]
    assert [line for line in changed if line.startswith("- ") and "jitsi.net" in line], done.stdout
    assert [line for line in changed if line.startswith("+ ") and "jitsi.example" in line and "meetings" in line]


def _changed(folder: Path) -> str:
    """The bundled policy of 8x8, in which a domain has another name, outside of the folder."""
    path = folder.parent / f"{folder.name}-8x8.yaml"
    text = (bundled() / "vendors" / "8x8.yaml").read_text()
    path.write_text(text.replace("jitsi.net", "jitsi.example"))
    return str(path)


def test_what_changed_since_another_version_of_a_policy_is_said_by_ports_too(tmp_path: Path) -> None:
    old = tmp_path / "vevox.yaml"
    text = (bundled() / "vendors" / "vevox.yaml").read_text()
    old.write_text(text.replace("[tcp/80]", "[tcp/8080]").replace('"*.meetoo.io"', '"*.meetoo.example"'))

    done = export("--to", "pan-edl", "--vendor", "vevox", "--diff", str(old))

    assert done.exit_code == 1
    assert "- *.meetoo.example  tcp/443, tcp/8080" in done.stdout
    assert "+ *.meetoo.io  tcp/80, tcp/443  (vevox core: " in done.stdout
    assert "- *.vevox.com  tcp/8080" in done.stdout
    assert "+ *.vevox.com  tcp/80" in done.stdout
