"""Benchling's API on a port of its own: entries, exports, and faults on demand.

Each request that it gets and each response that it gives is held against Benchling's
own description; what breaks it fails the test (conftest.py).
"""

import base64
import io
import json
import re
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs

from src.export.linked_names import NAMED

from .benchling_api import ROOT, described, request_problems, response_problems

TOKEN = "bearer-token-that-stays-here"
FILES = {"report.pdf": b"%PDF-1.7 " + b"x" * 5000, "data/table.csv": b"a,b\n1,2\n"}


def zip_of(files, method=zipfile.ZIP_DEFLATED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


def many_files():
    """An export of two pages on a canvas."""
    return zip_of({f"{number:02}.txt": b"x" for number in range(30)})


def entry(entry_id, display_id="EXP1"):
    author = {"id": "ent_1", "name": "Ada", "handle": "ada"}
    return {
        "id": entry_id,
        "displayId": display_id,
        "name": "Buffer test",
        "apiURL": f"https://acme.benchling.com/api/v2/entries/{entry_id}",
        "webURL": f"https://acme.benchling.com/acme/f/lib_1-notes/{entry_id}-buffer-test/edit",
        "folderId": "lib_1",
        "creator": author,
        "authors": [author],
        "assignedReviewers": [],
        "createdAt": "2026-01-02T03:04:05.678901+00:00",
        "modifiedAt": "2026-01-03T03:04:05.678901+00:00",
        "archiveRecord": None,
        "reviewRecord": None,
        "entryTemplateId": None,
        "schema": None,
        "fields": {},
        "customFields": {},
        "days": [],
    }


def error(message, **more):
    """An error as Benchling words it."""
    kind = "invalid_request_error"
    return {"error": {"type": kind, "message": message, "userMessage": message, **more}}


class BenchlingServer(ThreadingHTTPServer):
    """Responds as Benchling does; a path's faults come first, one a response.

    A fault is a status, headers and, unless the body is Benchling's own error, a body.
    """

    daemon_threads = True
    # What in any server of the test wasn't as Benchling describes it.
    violations: ClassVar[list[str]] = []

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.zip = zip_of(FILES)
        self.entries = {}
        self.faults = {}
        self.asked = []
        self.states = ["RUNNING", "SUCCEEDED"]
        # The entries of all exports that were asked for.
        self.exports = []
        # The only client secret for which there is a token; without it, any will do.
        self.client_secret = ""
        self.break_after = 0
        self.ranges = True
        self.etag = '"v1"'
        # The entry that each canvas is in, and what was drawn.
        self.canvases = {}
        self.drawn = []
        self.data = {}
        self.blocks = {}
        # The names of linked objects, by path.
        self.names = {}
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        """A client that stops reading is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are two writes: without this, the second waits 40 ms.
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self._begin()
        if body is None:
            return
        if self.path == f"{ROOT}/token":
            if self.server.client_secret not in self._client():
                self._send(401, error("invalid client"))
                return
            self._json(200, {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 900})
        elif self.path == f"{ROOT}/app-canvases":
            canvas = json.loads(body)
            canvas_id = f"cnvs_{canvas['featureId']}"
            self.server.canvases[canvas_id] = canvas["resourceId"]
            self._draw(canvas_id, canvas)
            self._json(201, self._canvas(canvas_id))
        elif self.path == f"{ROOT}/exports":
            self.server.exports.append(json.loads(body)["id"])
            self._json(202, {"taskId": "task_1"})
        else:
            self._not_found("")

    def do_PATCH(self):
        body = self._begin()
        if body is None:
            return
        canvas_id = self.path.rsplit("/", 1)[1]
        if canvas_id not in self.server.canvases:
            self._not_found(canvas_id)
            return
        self._draw(canvas_id, json.loads(body))
        self._json(200, self._canvas(canvas_id))

    def do_GET(self):
        if self._begin() is None:
            return
        path, _, query = self.path.partition("?")
        if not path.startswith(f"{ROOT}/"):
            self._file()
            return
        kind, _, object_id = path.removeprefix(f"{ROOT}/").partition("/")
        found = None
        if path == f"{ROOT}/app-canvases":
            found = self._canvases(parse_qs(query))
        elif kind == "app-canvases" and object_id in self.server.canvases:
            found = self._canvas(object_id)
        elif kind == "entries" and object_id in self.server.entries:
            found = {"entry": self.server.entries[object_id]}
        elif kind == "tasks":
            found = self._task()
        elif (name := self.server.names.get(f"{kind}/{object_id}")) is not None:
            field = dict(NAMED.values())[kind]
            found = {"id": object_id, field: name}
            found = {"entry": found} if kind == "entries" else found
        self._json(200, found) if found is not None else self._not_found(object_id)

    def _draw(self, canvas_id, canvas):
        self.server.drawn.append({**canvas, "id": canvas_id})
        self.server.data[canvas_id] = canvas.get("data")
        self.server.blocks[canvas_id] = canvas.get("blocks", [])

    def _canvas(self, canvas_id):
        return {
            "id": canvas_id,
            "app": {"id": "app_1"},
            "archiveRecord": None,
            "blocks": self.server.blocks.get(canvas_id, []),
            "enabled": True,
            "featureId": "f",
            "resourceId": self.server.canvases[canvas_id],
            "data": self.server.data.get(canvas_id),
            "sessionId": None,
        }

    def _canvases(self, query):
        """A page of the canvases in an entry; the token says how many went before."""
        wanted = query["resourceId"][0]
        found = [it for it, entry_id in self.server.canvases.items() if entry_id == wanted]
        start, size = int(query.get("nextToken", ["0"])[0]), int(query.get("pageSize", ["50"])[0])
        page = found[start : start + size]
        left = len(found) > start + size
        return {
            "appCanvases": [self._canvas(it) for it in page],
            "nextToken": str(start + size) if left else "",
        }

    def _task(self):
        states = self.server.states
        state = states.pop(0) if len(states) > 1 else states[0]
        task = {"status": state}
        if state == "SUCCEEDED":
            task["response"] = {"downloadURL": f"{self.server.address}/export.zip?sig=secret"}
        if state == "FAILED":
            task["message"] = "no such page"
        return task

    def _begin(self):
        """Take the request; None if a fault was the response."""
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        if self.path.startswith(f"{ROOT}/"):
            kind = self.headers.get("content-type", "")
            self.server.violations.extend(request_problems(self.command, self.path, kind, body))
        return None if self._faulty() else body

    def _client(self):
        """Return the client ID and secret with which a token is asked for."""
        _, _, encoded = self.headers.get("authorization", "").partition(" ")
        return base64.b64decode(encoded).decode()

    def _faulty(self):
        path = self.path.split("?")[0]
        self.server.asked.append(path)
        waiting = self.server.faults.get(path)
        if not waiting:
            return False
        status, headers, *body = waiting.pop(0)
        if not status:
            self.close_connection = True
        elif body:
            self._send(status, body[0], headers)
        else:
            self._send(status, error("a fault"), headers)
        return True

    def _not_found(self, object_id):
        """Refuse an ID with the status that the operation has for it."""
        operation = described().operation(self.command, self.path.partition("?")[0])
        if operation and "404" not in operation["responses"]:
            self._json(400, error(f"{object_id} is invalid"))
        else:
            self._json(404, error("not found", invalidId=object_id))

    def _json(self, status, value):
        if self.path.startswith(f"{ROOT}/"):
            found = response_problems(self.command, self.path, status, value)
            self.server.violations.extend(found)
        self._send(status, value)

    def _send(self, status, value, headers=()):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in dict(headers).items():
            self.send_header(name, text)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _file(self):
        content, size = self.server.zip, len(self.server.zip)
        found = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("range", ""))
        if not self.server.ranges or not found:
            self._json(200, {})
            return
        if self.headers.get("if-match", self.server.etag) != self.server.etag:
            self._json(412, {})
            return
        if found[1]:
            start, end = int(found[1]), min(int(found[2] or size - 1), size - 1)
        else:
            start, end = max(size - int(found[2]), 0), size - 1
        self.send_response(206)
        self.send_header("content-range", f"bytes {start}-{end}/{size}")
        self.send_header("content-length", str(end - start + 1))
        self.send_header("etag", self.server.etag)
        self.end_headers()
        piece = content[start : end + 1]
        limit = self.server.break_after
        if limit and len(piece) > limit:
            self.server.break_after = 0
            self.wfile.write(piece[:limit])
            self.close_connection = True
            return
        self.wfile.write(piece)
