"""Servers that only answer administration words: words_server.py PORT_FILE FOLDER...

One server a folder, which answers a word with the file of that name; without one it closes the connection. Writes their
ports to PORT_FILE.
"""

import os
import socketserver
import sys
import threading


class Answer(socketserver.BaseRequestHandler):
    def handle(self):
        word = self.request.recv(4).decode()
        path = os.path.join(self.server.folder, word)
        if os.path.exists(path):
            with open(path, "rb") as file:
                self.request.sendall(file.read())


port_file, folders = sys.argv[1], sys.argv[2:]
ports = []
for folder in folders:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answer)
    server.folder = folder
    ports.append(str(server.server_address[1]))
    threading.Thread(target=server.serve_forever).start()
with open(port_file + ".new", "w") as file:
    file.write(" ".join(ports))
os.rename(port_file + ".new", port_file)
