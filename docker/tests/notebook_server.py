"""A notebook on a port of its own: entries, exports, and faults on demand."""

import io
import json
import re
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "bearer-token-that-stays-here"
FILES = {"report.pdf": b"%PDF-1.7 " + b"x" * 5000, "data/table.csv": b"a,b\n1,2\n"}


def zip_of(files, method=zipfile.ZIP_DEFLATED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


def entry(entry_id, display_id="EXP1"):
    return {
        "id": entry_id,
        "displayId": display_id,
        "name": "Buffer test",
        "webURL": f"https://acme.benchling.com/{entry_id}",
        "authors": [{"id": "ent_1", "name": "Ada", "handle": "ada"}],
        "createdAt": "2026-01-02T03:04:05+00:00",
    }


class NotebookServer(ThreadingHTTPServer):
    """Answers as Benchling does; a path's faults are answered first, one each."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.zip = zip_of(FILES)
        self.entries = {}
        self.faults = {}
        self.asked = []
        self.states = ["RUNNING", "SUCCEEDED"]
        self.break_after = 0
        self.ranges = True
        self.etag = '"v1"'
        # What each canvas shows, and the entry it is in.
        self.canvases = {}
        self.drawn = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        """A client that stops reading is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        if self._faulty():
            return
        if self.path == "/api/v2/token":
            self._json(200, {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 900})
        elif self.path == "/api/v2/app-canvases":
            canvas = json.loads(body)
            self.server.canvases[f"cnvs_{canvas['featureId']}"] = canvas["resourceId"]
            self.server.drawn.append(canvas)
            self._json(201, {**canvas, "id": f"cnvs_{canvas['featureId']}"})
        else:
            self._json(202, {"taskId": "task_1"})

    def do_PATCH(self):
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        canvas_id = self.path.rsplit("/", 1)[1]
        if self._faulty():
            return
        if canvas_id not in self.server.canvases:
            self._json(404, {"error": {}})
            return
        canvas = json.loads(body)
        self.server.drawn.append(canvas)
        self._json(200, {**canvas, "id": canvas_id})

    def do_GET(self):
        if self._faulty():
            return
        if self.path.startswith("/api/v2/app-canvases/"):
            canvas_id = self.path.rsplit("/", 1)[1]
            found = self.server.canvases.get(canvas_id)
            canvas = {"id": canvas_id, "resourceId": found, "blocks": [], "enabled": True}
            self._json(200, canvas) if found else self._json(404, {"error": {}})
            return
        if self.path.startswith("/api/v2/entries/"):
            found = self.server.entries.get(self.path.rsplit("/", 1)[1])
            self._json(200, {"entry": found}) if found else self._json(404, {"error": {}})
        elif self.path.startswith("/api/v2/tasks/"):
            states = self.server.states
            state = states.pop(0) if len(states) > 1 else states[0]
            answer = {"status": state}
            if state == "SUCCEEDED":
                answer["response"] = {"downloadURL": f"{self.server.address}/export.zip?sig=secret"}
            if state == "FAILED":
                answer["message"] = "no such page"
            self._json(200, answer)
        else:
            self._file()

    def _faulty(self):
        path = self.path.split("?")[0]
        self.server.asked.append(path)
        waiting = self.server.faults.get(path)
        if not waiting:
            return False
        status, headers = waiting.pop(0)
        if not status:
            self.close_connection = True
        else:
            self._json(status, {"error": {"message": "a fault"}}, headers)
        return True

    def _json(self, status, value, headers=()):
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in dict(headers).items():
            self.send_header(name, text)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _file(self):
        content, size = self.server.zip, len(self.server.zip)
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range", ""))
        if not self.server.ranges or not found:
            self._json(200, {})
            return
        if self.headers.get("if-match", self.server.etag) != self.server.etag:
            self._json(412, {})
            return
        start, end = int(found[1]), min(int(found[2] or size - 1), size - 1)
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
