"""mitmproxy's API on tierwall: options that change at run time, its command, and what was there before it."""

import asyncio
import json
from pathlib import Path

import pytest
from mitmproxy import exceptions
from mitmproxy.proxy import mode_servers
from mitmproxy.proxy.mode_servers import AsyncioServerInstance

from tests.support.endpoints import run, until
from tests.support.masters import running_master
from tierwall.proxy.listeners import sockets
from tierwall.proxy.mitmproxy.handler import GuardedHandler

AMPLITUDE = b"CONNECT api.amplitude.com:443 HTTP/1.1\r\n\r\n"


def test_a_site_that_is_set_at_run_time_holds_for_new_connections(tmp_path: Path) -> None:
    async def scene() -> bytes:
        async with running_master(tmp_path, site="reference", resolve=["api.amplitude.com:443:127.0.0.1:1"]) as running:
            assert (await running.ask(AMPLITUDE)).startswith(b"HTTP/1.1 502")
            running.master.options.update(tierwall_site="8x8-core-only")
            return await running.ask(AMPLITUDE)

    assert run(scene).startswith(b"HTTP/1.1 403")


def test_a_site_that_does_not_load_leaves_the_one_in_force(tmp_path: Path) -> None:
    async def scene() -> bytes:
        async with running_master(tmp_path, site="8x8-core-only") as running:
            with pytest.raises(exceptions.OptionsError, match="nonsense"):
                running.master.options.update(tierwall_site="nonsense")
            return await running.ask(AMPLITUDE)

    assert b"X-Tierwall-Reason: tier-closed" in run(scene)


def test_the_files_of_a_site_that_is_set_at_run_time_are_watched(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("version: 1\nsite: mine\n", encoding="utf-8")

    async def scene() -> list[str]:
        async with running_master(tmp_path, site="8x8-core-only") as running:
            running.master.options.update(tierwall_site=str(mine))
            mine.write_text("version: 1\nsite: mine\nadmitt: []\n", encoding="utf-8")
            await until(lambda: running.told.events)
            return [str(event.error.message) for event in running.told.events if event.error]

    [said] = run(scene)
    assert "mine.yaml" in said
    assert "admitt" in said


def test_every_resolve_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    async def scene() -> str:
        async with running_master(tmp_path) as running:
            with pytest.raises(exceptions.OptionsError) as wrong:
                running.master.options.update(tierwall_resolve=["one", "a.example:443:127.0.0.1", "two"])
            return str(wrong.value)

    said = run(scene)
    assert "'one'" in said
    assert "'two'" in said


def test_the_journal_goes_on_in_its_file_when_an_option_changes(tmp_path: Path) -> None:
    async def scene() -> None:
        async with running_master(tmp_path, site="8x8-core-only") as running:
            await running.ask(AMPLITUDE)
            running.master.options.update(tierwall_site="closed")
            await running.ask(AMPLITUDE)

    run(scene)

    journal = tmp_path / "events.jsonl"
    lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    assert [line["tierwall"]["site"] for line in lines] == ["8x8-core-only", "closed"]


def test_explain_is_a_command(tmp_path: Path) -> None:
    async def scene() -> str:
        async with running_master(tmp_path, site="8x8-core-only") as running:
            return str(running.master.commands.execute("tierwall.explain https://api.amplitude.com"))

    [said] = json.loads(run(scene))
    assert (said["verdict"], said["reason"], said["tier"]) == ("deny", "tier-closed", "analytics")


def test_explain_says_what_is_wrong_with_a_target(tmp_path: Path) -> None:
    async def scene() -> None:
        async with running_master(tmp_path) as running:
            with pytest.raises(exceptions.CommandError):
                running.master.commands.execute("tierwall.explain gopher://8x8.vc")

    run(scene)


def test_once_it_is_unloaded_every_connection_is_refused(tmp_path: Path) -> None:
    async def scene() -> bytes:
        async with running_master(tmp_path, site="reference") as running:
            running.master.addons.remove(running.addon)
            return await running.ask(AMPLITUDE)

    assert run(scene) in (b"", b"<reset>")


def test_a_connection_that_mitmproxy_accepted_before_it_was_loaded_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mode_servers, "ProxyConnectionHandler", GuardedHandler.__base__)
    monkeypatch.setattr(AsyncioServerInstance, "listen", sockets.mitmproxys_listen)

    async def scene() -> bytes:
        async with running_master(tmp_path, with_tierwall=False) as running:
            reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
            while not running.master.addons.get("proxyserver").connections:
                await asyncio.sleep(0)
            running.add()
            running.master.options.update(tierwall_journal=str(tmp_path / "events.jsonl"))
            heard = await reader.read()
            writer.close()
            return heard

    assert run(scene) == b""
