"""A small HTTP server for what a test wants to be called, on 127.0.0.1."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def server(respond):
    """Yield the URL of a server, and the list of what it was asked.

    ``respond`` takes a request as (method, path, headers, body) and returns the status and
    what is sent as JSON.
    """
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def _any(self):
            size = int(self.headers.get("Content-Length", 0))
            request = (self.command, self.path, dict(self.headers), self.rfile.read(size))
            asked.append(request)
            status, content = respond(request)
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = _any  # noqa: N815 - the names that the handler is called by

        def log_message(self, *_):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05}).start()
    try:
        yield f"http://127.0.0.1:{running.server_port}", asked
    finally:
        running.shutdown()
        running.server_close()
