"""The report of a journal, for whoever presses "save report": what `tierwall report` writes, by a process of its own.

Knows a command of ours. A journal is read for a while, and the page goes on meanwhile.
"""

import asyncio
import sys
from pathlib import Path
from typing import Final

from tierwall.dashboard.sources.feed import CannotDo
from tierwall.journal.reading import journal_files

_LIMIT_S: Final = 120.0


async def report_of(journal: Path) -> str:
    """One HTML file, of the journal and what was rotated away from it. Raises CannotDo."""
    files = journal_files(journal)
    if not files or not any(path.stat().st_size for path in files):
        raise CannotDo(f"the journal {journal} holds nothing yet")
    command = ["-m", "tierwall", "report", *map(str, files), "-o", "-"]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_LIMIT_S):
            page, said = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise CannotDo(f"that took over {_LIMIT_S:.0f} s: let `tierwall report {journal}` do it") from None
    if not page:
        raise CannotDo(said.decode(errors="replace").strip() or "the report failed")
    return page.decode()
