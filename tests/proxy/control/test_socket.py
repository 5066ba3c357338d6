"""The control socket: who says nonsense gets no answer and hurts nobody, and where the socket lies is looked at."""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.endpoints import run
from tests.support.insides import inside
from tierwall.proxy.control.socket import Control, NoControl


def control(folder: Path, tell: Callable[[str], None] = print) -> Control:
    within = inside()
    return Control(folder, os.getpid(), lambda: within, tell)


async def asked(folder: Path, request: bytes) -> Any:
    """What is answered; None where nothing is."""
    (path,) = folder.glob("*.sock")
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(request + b"\n")
    try:
        heard = await asyncio.wait_for(reader.read(), 5)
    except ConnectionResetError:
        heard = b""
    writer.close()
    return json.loads(heard) if heard else None


@pytest.mark.parametrize(
    "nonsense",
    [
        b"[" * 60_000,
        b'{"do":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"do": ' + b"9" * 5000 + b"}",
        b"\xff\xfe",
        b"{",
        b"NaN" * 10,
        b"x" * 70_000,
    ],
    ids=["lists", "mappings", "a number", "no UTF-8", "half of it", "no JSON", "too long"],
)
def test_nonsense_gets_no_answer_and_the_next_request_does(tmp_path: Path, nonsense: bytes) -> None:
    failures: list[object] = []

    async def scene() -> tuple[Any, Any]:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
        served = control(tmp_path / "control")
        await served.open()
        try:
            return await asked(tmp_path / "control", nonsense), await asked(tmp_path / "control", b'{"do": "list"}')
        finally:
            served.close()

    answered, then = run(scene)

    assert (answered, then["site"], failures) == (None, "lab", [])


def test_a_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    async def scene() -> int:
        served = control(tmp_path / "control")
        await served.open()
        mode = (tmp_path / "control").stat().st_mode & 0o777
        served.close()
        return mode

    assert run(scene) == 0o700


def test_a_folder_that_is_a_link_is_refused_and_what_it_leads_to_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o755)
    (tmp_path / "control").symlink_to("elsewhere")

    with pytest.raises(NoControl):
        run(control(tmp_path / "control").open)

    assert (tmp_path / "elsewhere").stat().st_mode & 0o777 == 0o755
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o711, 0o702])
def test_a_folder_that_others_may_use_is_refused_with_the_mend_and_not_changed(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "control"
    folder.mkdir()
    folder.chmod(mode)

    with pytest.raises(NoControl, match="chmod 700"):
        run(control(folder).open)

    assert folder.stat().st_mode & 0o777 == mode
