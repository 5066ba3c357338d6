"""From start to listening: the process is started until its port takes a connection.

tierwall with its bundled policies and the site `reference`, against `mitmdump` without options. The lab CA is made once
before, for both.
"""

import sys

from bench.bench import Bench
from bench.ground import beside_python, free_port, tierwall_environment
from bench.processes import Running, until_listening


def run(bench: Bench) -> None:
    """Seconds, by program; the two in turn."""
    folder = bench.ground.folder / "start"
    folder.mkdir(exist_ok=True)
    programs = {"tierwall": [sys.executable, "-m", "tierwall", "run"]}
    mitmdump = beside_python("mitmdump")
    if mitmdump:
        programs["mitmproxy"] = [mitmdump, "--set", f"confdir={folder / 'mitmdump'}"]
    else:
        bench.results.note("start", "mitmdump is missing")
    for number in bench.steps("start", bench.scale.rounds + 1):
        for name, command in programs.items():
            port = free_port()
            listen = ["--listen", f"127.0.0.1:{port}"] if name == "tierwall" else ["--listen-host", "127.0.0.1"]
            listen += [] if name == "tierwall" else ["--listen-port", str(port)]
            with Running([*command, *listen], folder / f"{name}.log", tierwall_environment(folder)) as process:
                seconds = until_listening(process, port)
                cpu_s = process.cpu_s()
            if number:  # the first fills caches and makes the CA
                bench.results.add("start.seconds", name, seconds, "s")
                bench.results.add("start.cpu", name, cpu_s, "s")
