"""A web server for the tests of `http`: says what it was asked, and misbehaves on request. Also a proxy (CONNECT).

http_server.py PORT_FILE [CERTIFICATE]: writes its port to the file; with a certificate (and its key in the same PEM
file) that of the same server over TLS on a second line.
"""
import http.server
import json
import os
import select
import socket
import ssl
import sys
import threading
import time
from urllib.parse import parse_qs, urlparse


tunnels = []  # what was asked of the proxy
requests = []  # the first lines of all that was asked


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self):
        requests.append(self.requestline)
        url = urlparse(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        # The body stays with the client for so long.
        time.sleep(float(query.get("unread", 0)))
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if url.path == "/echo":
            said = {
                "method": self.command,
                "path": self.path,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": body.decode("latin-1"),
                "connection": self.client_address[1],
            }
            self.answer(200, json.dumps(said).encode(), Content_Type="application/json", X_Kind="echo")
        elif url.path == "/redirect":
            self.answer(302, Location=query["to"])
        elif url.path == "/loop":
            self.answer(301, Location="/loop")
        elif url.path == "/status":
            self.answer(int(query["code"]), b"the server's words")
        elif url.path == "/big":
            self.send_response(200)
            self.send_header("Content-Length", query["bytes"])
            self.end_headers()
            left = int(query["bytes"])
            while left > 0:
                piece = b"x" * min(left, 65536)
                self.wfile.write(piece)
                left -= len(piece)
        elif url.path == "/half":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"half")
            self.close_connection = True
        elif url.path == "/drop":
            self.close_connection = True
        elif url.path == "/slow":
            time.sleep(float(query["seconds"]))
            self.answer(200, b"late")
        elif url.path == "/size":
            self.answer(200, str(len(body)).encode())
        elif url.path == "/idle-close":
            # An answer that lets the connection live, and its end at once.
            self.answer(200, b"bye")
            self.close_connection = True
        elif url.path == "/tunnels":
            self.answer(200, json.dumps(tunnels).encode())
        elif url.path == "/requests":
            self.answer(200, json.dumps(requests).encode())
        elif url.path == "/garbage":
            self.wfile.write(b"220 mail.invalid ESMTP\r\n")
            self.close_connection = True
        elif url.path == "/quit":
            self.answer(200)
            threading.Thread(target=self.server.shutdown).start()
        else:
            self.answer(404, b"no such page")

    def do_CONNECT(self):
        tunnels.append({"to": self.path, "login": self.headers.get("Proxy-Authorization")})
        host, port = self.path.rsplit(":", 1)
        if host == "forbidden.invalid":
            self.send_response(403, "Not for you")
            self.end_headers()
            return
        # Names mean this machine: nobody else is asked.
        with socket.create_connection(("127.0.0.1", int(port))) as there:
            self.send_response(200, "Connection established")
            self.end_headers()
            pair = {self.connection: there, there: self.connection}
            while pair:
                for ready in select.select(list(pair), [], [])[0]:
                    piece = ready.recv(65536)
                    if not piece:
                        pair = {}
                        break
                    pair[ready].sendall(piece)
        self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    # A broken client connection is what some tests are about.
    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + ".new", "w") as out:
    out.write(str(server.server_address[1]))
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2])
        secure = Server(("127.0.0.1", 0), Handler)
        secure.socket = context.wrap_socket(secure.socket, server_side=True)
        out.write("\n" + str(secure.server_address[1]))
        threading.Thread(target=secure.serve_forever, daemon=True).start()
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
