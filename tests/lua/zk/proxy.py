"""A way to a ZooKeeper server that breaks as it is told: proxy.py PORT_FILE SERVER_PORT.

Writes "<port for clients> <port for commands>" to PORT_FILE. A command is one line, answered with "ok" once it holds:
  pass         every byte goes both ways
  refuse       all connections are closed, new ones at once
  hello        closes all; a new one is let in, and broken (from then on: refuse) when the client asks something
  after TEXT   a request with TEXT in it reaches the server, which answers; then it is as under refuse
  stall TEXT   a request with TEXT in it reaches the server; its answer and all after it are kept back until "pass"
TEXT may have bytes like \\xff in it.
"""

import asyncio
import os
import sys

port_file, server_port = sys.argv[1], int(sys.argv[2])
mode, text, told = "pass", b"", 0
writers = set()
may_go_on = asyncio.Event()
may_go_on.set()


def close_all():
    for writer in list(writers):
        writer.close()
    writers.clear()


def refuse():
    global mode
    mode = "refuse"
    close_all()


async def to_server(client, server, state):
    while data := await client.read(65536):
        if mode == "hello" and state["answered"]:
            return refuse()
        # A request may come in two pieces.
        if mode in ("after", "stall") and text in state["tail"] + data:
            state["caught"] = told
        state["tail"] = (state["tail"] + data)[-len(text) or len(data) :][1:]
        server.write(data)
        await server.drain()


async def to_client(server, client, state):
    while data := await server.read(65536):
        if state["caught"] == told and mode == "after":
            return refuse()
        if state["caught"] == told and mode == "stall":
            may_go_on.clear()
        if not may_go_on.is_set():
            await may_go_on.wait()
        state["answered"] = True
        client.write(data)
        await client.drain()


async def serve(client_reader, client_writer):
    if mode == "refuse":
        return client_writer.close()
    try:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", server_port)
    except OSError:
        return client_writer.close()
    writers.update((client_writer, server_writer))
    state = {"answered": False, "caught": None, "tail": b""}
    try:
        await asyncio.wait(
            [
                asyncio.create_task(to_server(client_reader, server_writer, state)),
                asyncio.create_task(to_client(server_reader, client_writer, state)),
            ],
            return_when=asyncio.FIRST_COMPLETED,
        )
    finally:
        for writer in (client_writer, server_writer):
            writer.close()
            writers.discard(writer)


async def command(reader, writer):
    global mode, text, told
    line = (await reader.readline()).strip()
    word, _, rest = line.partition(b" ")
    told += 1
    mode, text = word.decode(), rest.decode("unicode_escape").encode("latin1")
    if mode in ("refuse", "hello"):
        close_all()
    may_go_on.set()
    writer.write(b"ok\n")
    await writer.drain()
    writer.close()


async def main():
    clients = await asyncio.start_server(serve, "127.0.0.1", 0)
    commands = await asyncio.start_server(command, "127.0.0.1", 0)
    ports = [server.sockets[0].getsockname()[1] for server in (clients, commands)]
    with open(port_file + ".new", "w") as file:
        file.write(f"{ports[0]} {ports[1]}")
    os.rename(port_file + ".new", port_file)
    await asyncio.Event().wait()


asyncio.run(main())
