"""AWS and Benchling as a worker needs them, in a process of its own: fast, and nothing is kept.

Its figures are counts and times; what a worker stores is thrown away. Conditions of
DynamoDB are taken as met, so it shows how fast a worker is, and not whether it is right.
Arguments: the ZIP, how many milliseconds S3 waits before each response, and for TLS a
file with a certificate and its key.
"""

from __future__ import annotations

import hashlib
import json
import re
import socketserver
import ssl
import sys
import threading
import time
import uuid
from collections import Counter, deque
from pathlib import Path
from typing import Any

PIECE_BYTES = 256 * 1024


class StandIn(socketserver.ThreadingTCPServer):
    """The queues, the table, the bucket and Benchling on one port."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, archive: Path, delay_seconds: float, certificate: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.tls: ssl.SSLContext | None = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate)
        self.archive, self.size = archive, archive.stat().st_size
        self.delay_seconds = delay_seconds
        self.lock = threading.Condition()
        self.queue: deque[str] = deque()
        self.items: dict[str, dict[str, Any]] = {}
        self.labels: dict[str, list[str]] = {}
        self.polls: Counter[str] = Counter()
        # At how many polls an export is still running.
        self.running = 1
        self.reset()

    @property
    def address(self) -> str:
        """The URL."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """Say nothing: a reader drops a connection to go elsewhere in the ZIP."""

    def reset(self) -> None:
        """Count from zero."""
        self.calls: Counter[str] = Counter()
        self.deleted = 0
        self.packaged_at = 0.0

    def send(self, number: int) -> None:
        """Queue events, each of an entry of its own."""
        with self.lock:
            for _ in range(number):
                name = uuid.uuid4().hex[:12]
                payload = {"message": {"type": "v2.entry.created", "resourceId": f"etr_{name}"}}
                self.queue.append(
                    json.dumps(
                        {
                            "version": 1,
                            "webhook_id": f"wh_{name}",
                            "received_at": time.time(),
                            "entry_id": f"etr_{name}",
                            "payload": payload,
                        }
                    )
                )
            self.lock.notify_all()


class _Connection(socketserver.StreamRequestHandler):
    server: StandIn
    disable_nagle_algorithm = True

    def setup(self) -> None:
        if self.server.tls:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        while line := self.rfile.readline():
            method, path, _ = line.decode().split(" ", 2)
            headers = {}
            while header := self.rfile.readline().strip():
                name, _, value = header.decode().partition(":")
                headers[name.lower()] = value.strip()
            if "expect" in headers:
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = self._body(headers)
            if target := headers.get("x-amz-target"):
                self._json(self._aws(target.partition(".")[2], json.loads(body)))
            elif path.startswith("/export.zip"):
                self._file(headers["range"])
            elif path.startswith("/api/v2/"):
                status = "202 Accepted" if path.endswith("/exports") else "200 OK"
                self._json(self._benchling(path.removeprefix("/api/v2/")), status)
            else:
                self._s3(method, path, headers)

    def _body(self, headers: dict[str, str]) -> bytes:
        if "chunked" in headers.get("transfer-encoding", ""):
            # boto3 puts its checksum behind the content.
            while size := int(self.rfile.readline(), 16):
                self.rfile.read(size + 2)
            self.rfile.readline()
            return b""
        left = int(headers.get("content-length", "0"))
        if left <= PIECE_BYTES:
            return self.rfile.read(left)
        while left:
            left -= len(self.rfile.read(min(left, PIECE_BYTES)))
        return b""

    def _aws(self, verb: str, asked: dict[str, Any]) -> dict[str, Any]:
        server = self.server
        name = asked.get("QueueUrl", "").rpartition("/")[2]
        if verb == "ReceiveMessage":
            return self._receive(name, asked)
        server.calls[verb] += 1
        if verb == "SendMessage":
            if name == "packaging.fifo":
                server.packaged_at = time.time()
            digest = hashlib.md5(asked["MessageBody"].encode()).hexdigest()
            return {"MessageId": "m", "MD5OfMessageBody": digest}
        if verb == "DeleteMessage" and name == "intake.fifo":
            server.deleted += 1
        if verb == "GetItem":
            item = server.items.get(asked["Key"]["id"]["S"])
            return {"Item": item} if item else {}
        if verb == "UpdateItem":
            item = server.items.setdefault(asked["Key"]["id"]["S"], {})
            before = dict(item)
            names = asked.get("ExpressionAttributeNames", {})
            for attribute, value in re.findall(r"(\S+) = (:\w+)", asked["UpdateExpression"]):
                item[names.get(attribute, attribute)] = asked["ExpressionAttributeValues"][value]
            kind = asked.get("ReturnValues", "NONE")
            return {} if kind == "NONE" else {"Attributes": before if "OLD" in kind else item}
        return {}

    def _receive(self, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        server = self.server
        with server.lock:
            server.polls[name] += 1
            if name != "intake.fifo":
                server.lock.wait_for(lambda: False, asked["WaitTimeSeconds"])
                return {}
            server.lock.wait_for(lambda: server.queue, asked["WaitTimeSeconds"])
            if not server.queue:
                return {}
            body = server.queue.popleft()
        digest = hashlib.md5(body.encode()).hexdigest()
        message = {"MessageId": "m", "ReceiptHandle": "r", "Body": body, "MD5OfBody": digest}
        return {"Messages": [{**message, "Attributes": {"ApproximateReceiveCount": "1"}}]}

    def _benchling(self, path: str) -> dict[str, Any]:
        kind, _, object_id = path.partition("/")
        self.server.calls[f"Benchling {kind}"] += 1
        if kind == "token":
            return {"access_token": "t", "token_type": "Bearer", "expires_in": 900}
        if kind == "exports":
            return {"taskId": f"task_{uuid.uuid4().hex[:8]}"}
        if kind == "tasks":
            with self.server.lock:
                self.server.polls[object_id] += 1
                if self.server.polls[object_id] <= self.server.running:
                    return {"status": "RUNNING"}
            url = f"{self.server.address}/export.zip"
            return {"status": "SUCCEEDED", "response": {"downloadURL": url}}
        return {"entry": {"id": object_id, "displayId": object_id, "days": [], "fields": {}}}

    def _file(self, asked: str) -> None:
        self.server.calls["ranges"] += 1
        first, last = re.fullmatch(r"bytes=(\d*)-(\d*)", asked).groups()  # type: ignore[union-attr]
        size = self.server.size
        start = int(first) if first else max(size - int(last), 0)
        end = min(int(last), size - 1) if first and last else size - 1
        head = f'content-range: bytes {start}-{end}/{size}\r\netag: "v1"\r\n'
        head += f"content-length: {end - start + 1}\r\n\r\n"
        self.wfile.write(b"HTTP/1.1 206 Partial Content\r\n" + head.encode())
        with self.server.archive.open("rb") as file:
            self.connection.sendfile(file, start, end - start + 1)

    def _s3(self, method: str, path: str, headers: dict[str, str]) -> None:
        key, _, query = path.partition("?")
        verb = {"GET": "list", "HEAD": "head", "PUT": "put", "DELETE": "abort"}.get(
            method, "complete"
        )
        if method == "PUT" and "partNumber" in query:
            verb = "part"
        if method == "POST" and "uploads" in query:
            verb = "create"
        self.server.calls[f"S3 {verb}"] += 1
        time.sleep(self.server.delay_seconds)
        if verb in ("put", "create"):
            self.server.labels[key] = [f"{k}: {v}" for k, v in headers.items() if "meta" in k]
        labels = self.server.labels.get(key, []) if verb == "head" else []
        body = {
            "list": b"<ListBucketResult/>",
            "create": f"<InitiateMultipartUploadResult><UploadId>{uuid.uuid4().hex}</UploadId>"
            "</InitiateMultipartUploadResult>".encode(),
            "complete": b'<CompleteMultipartUploadResult><ETag>"e"</ETag>'
            b"</CompleteMultipartUploadResult>",
        }.get(verb, b"")
        self._respond(body, ['ETag: "e"', *labels])

    def _json(self, value: dict[str, Any], status: str = "200 OK") -> None:
        self._respond(json.dumps(value).encode(), ["content-type: application/json"], status)

    def _respond(self, body: bytes, headers: list[str], status: str = "200 OK") -> None:
        lines = [f"HTTP/1.1 {status}", *headers, f"content-length: {len(body)}", "", ""]
        self.wfile.write("\r\n".join(lines).encode() + body)


def main() -> None:
    """Serve; a line of standard input is a command, and its result a line of JSON."""
    server = StandIn(Path(sys.argv[1]), float(sys.argv[2]) / 1000, *sys.argv[3:])
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    print(json.dumps(server.address), flush=True)
    for line in sys.stdin:
        verb, _, argument = line.strip().partition(" ")
        if verb == "send":
            server.reset()
            server.send(int(argument))
        if verb == "running":
            server.running = int(argument)
        counts = {
            "deleted": server.deleted,
            "packaged_at": server.packaged_at,
            "calls": dict(server.calls),
            "polls": server.polls["intake.fifo"],
        }
        print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    main()
