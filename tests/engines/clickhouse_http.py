"""ClickHouse's own engine (chdb) in a process of its own, behind as much of its HTTP interface as an insert needs.

Knows chdb and HTTP. Run with a port and a folder.
"""

import gzip
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from chdb import session


def serve_chdb(port: int, folder: str) -> None:
    """ClickHouse's engine behind its HTTP interface, as far as a query in the URL and data in the body go."""
    store = session.Session(folder)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            whole = f"{asked['query']}\n{body.decode()}" if "query" in asked else body.decode()
            if token := asked.get("insert_deduplication_token"):
                whole = whole.replace(" FORMAT ", f" SETTINGS insert_deduplication_token='{token}' FORMAT ", 1)
            try:
                with lock:
                    store.query(f"USE {asked['database']}")
                    status, said = 200, bytes(store.query(whole).bytes() or b"")
            except Exception as fault:  # noqa: BLE001 - the engine's own words are the answer
                status, said = 400, str(fault).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    serve_chdb(int(sys.argv[1]), sys.argv[2])
