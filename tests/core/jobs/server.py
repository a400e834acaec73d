"""A server of files on this computer, for tests of downloads: nothing leaves the machine."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Server:
    """Files by their paths, how they are served, and what was asked for.

    Under `resolve/` a file is elsewhere, as on the hub of models: the first answer says its hash and where.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    states_hash: bool = True
    wrong_hash: bool = False
    ranges: bool = True
    ends_after: int | None = None
    status: int = 200
    says_size: bool = True
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    address: str = ""


@contextmanager
def served() -> Iterator[Server]:
    server = Server()
    listening = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    listening.daemon_threads = True
    server.address = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(with_body=False)

        def do_GET(self) -> None:
            self.answer(with_body=True)

        def answer(self, *, with_body: bool) -> None:
            server.asked.append((self.command, self.path, self.headers.get("Range", "")))
            content = server.files.get(self.path.replace("/elsewhere/", "/resolve/"))
            if content is None or server.status != 200:
                self.send_response(404 if content is None else server.status)
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif "/resolve/" in self.path:
                self.send_on(content)
            else:
                self.send(content, with_body=with_body)

        def send_on(self, content: bytes) -> None:
            self.send_response(302)
            self.send_header("Location", self.path.replace("/resolve/", "/elsewhere/"))
            if server.states_hash:
                digest = hashlib.sha256(b"other" if server.wrong_hash else content).hexdigest()
                self.send_header("X-Linked-Etag", f'"{digest}"')
                self.send_header("X-Linked-Size", str(len(content)))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def send(self, content: bytes, *, with_body: bool) -> None:
            start = int(self.headers.get("Range", "bytes=0-")[6:-1]) if server.ranges else 0
            body = content[start:]
            self.send_response(206 if start else 200)
            if server.says_size:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if with_body:
                self.wfile.write(body[: server.ends_after])
                self.close_connection = True

    return Handler
