"""An engine that answers what a file tells it to, for the tests of `docker`: docker_engine.py PORT_FILE ANSWERS ASKED

ANSWERS is JSON: for "METHOD /path" (without the query) an object with
    status   200 unless given
    headers  beside Content-Length
    json     the body as data, or
    text     as it is, or
    spaces   a body of that many bytes: JSON's white space with an empty list at its end
    cut      how many bytes of the body are sent before the connection is closed
    stream   the two outputs of a container, as a list of [1 or 2, text], on an upgraded connection, which stays open for
             `hold` seconds more
    pieces   the body in chunks, a list of texts or of such outputs; the connection stays open afterwards for `hold`
             seconds (60 unless given) and then breaks off
    missing  how many bytes of the last piece of `stream` or `pieces` never come
    wait     how many seconds pass before the answer
    drop     true: the connection is closed without an answer
A list of such objects is used up one a request, the last one stays. Everything else is answered as engines do: 404. What was asked is written to ASKED, a line of JSON each.
"""
import http.server
import json
import os
import struct
import sys
import threading
import time
from urllib.parse import urlparse

with open(sys.argv[2], encoding="utf-8") as source:
    answers = json.load(source)
asked = open(sys.argv[3], "w", encoding="utf-8", buffering=1)


lock = threading.Lock()


def next_answer(what):
    with lock:
        answer = answers.get(what, {"status": 404, "json": {"message": "page not found"}})
        if isinstance(answer, list):
            return answer.pop(0) if len(answer) > 1 else answer[0]
        return answer


def bytes_of(answer, field):
    pieces = []
    for piece in answer[field]:
        if isinstance(piece, str):
            pieces.append(piece.encode())
        else:
            content = piece[1].encode()
            pieces.append(struct.pack(">BxxxI", piece[0], len(content)) + content)
    if answer.get("missing"):
        pieces[-1] = pieces[-1][: -answer["missing"]]
    return pieces


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        url = urlparse(self.path)
        asked.write(json.dumps({"method": self.command, "path": url.path, "query": url.query, "body": body}) + "\n")
        answer = next_answer(f"{self.command} {url.path}")
        time.sleep(answer.get("wait", 0))
        if answer.get("drop"):
            self.close_connection = True
        elif "stream" in answer:
            self.upgrade(answer)
        elif "pieces" in answer:
            self.send_pieces(answer)
        else:
            self.answer(answer)

    def answer(self, answer):
        if "spaces" in answer:
            body = b" " * (answer["spaces"] - 2) + b"[]"
        elif "json" in answer:
            body = json.dumps(answer["json"]).encode()
        else:
            body = answer.get("text", "").encode()
        self.send_response(answer.get("status", 200))
        for name, value in answer.get("headers", {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(body[: answer.get("cut", len(body))])
        self.close_connection = "cut" in answer

    def send_pieces(self, answer):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for content in bytes_of(answer, "pieces"):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
        time.sleep(answer.get("hold", 60))
        self.close_connection = True

    def upgrade(self, answer):
        self.send_response(101, "UPGRADED")
        self.send_header("Content-Type", "application/vnd.docker.raw-stream")
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", "tcp")
        self.end_headers()
        for content in bytes_of(answer, "stream"):
            self.wfile.write(content)
        time.sleep(answer.get("hold", 0))
        self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    # A client that goes is what some tests are about.
    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + ".new", "w", encoding="utf-8") as out:
    out.write(str(server.server_address[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
