"""MQ broker: keeps what it accepted in memory and writes it to its store only when it is ended properly, which takes
BROKER_FLUSH_SECONDS. Killed before that, it has lost every message since its start - as operators fear.

Environment: RequestedIP, brokerClusterName, brokerName, brokerId (0 primary, 1 replica), namesrv_addr
("IP:PORT;IP:PORT"), broker_peer (IP of the other one of the pair; a replica copies from it).
Where the file REGISTER_AFTER has a number it registers so many seconds after its start, as a broker does that has much
to recover; it serves before that.
One JSON document a line on port 10911: {"put": TEXT}, {"count": 1}, {"since": N, "epoch": EPOCH}.

A replica asks for what follows the first N messages of the primary's life EPOCH. A primary that was started since has
another life, with fewer messages if it lost some, and answers with all it has; the replica takes those it does not know
and keeps those that the primary lost.
"""

import asyncio
import json
import os
import sys
import uuid

PORT = 10911
STORE = "/home/admin/store"
REGISTER_AFTER = "/home/admin/store/register-after"
FLUSH_SECONDS = float(os.environ.get("BROKER_FLUSH_SECONDS", "12"))

# Of this start of the broker.
EPOCH = uuid.uuid4().hex

# Messages are {"id": ..., "text": ...}; the id is the same on both brokers.
stored = []
pending = []


def log(*words):
    print(*words, flush=True)


def load():
    os.makedirs(STORE, exist_ok=True)
    path = os.path.join(STORE, "commitlog")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as lines:
            stored.extend(json.loads(line) for line in lines)
    abort = os.path.join(STORE, "abort")
    if os.path.exists(abort):
        log("the last end was not clean: messages in memory were lost")
    with open(abort, "w", encoding="utf-8") as file:
        file.write("0\n")
    log("loaded", len(stored), "messages")


async def flush_and_exit():
    log("ending:", len(pending), "messages to write, this takes", FLUSH_SECONDS, "s")
    await asyncio.sleep(FLUSH_SECONDS)
    with open(os.path.join(STORE, "commitlog"), "a", encoding="utf-8") as file:
        for message in pending:
            file.write(json.dumps(message) + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.remove(os.path.join(STORE, "abort"))
    log("ended cleanly")
    os._exit(0)


def answer(request):
    if "put" in request:
        pending.append({"id": uuid.uuid4().hex, "text": request["put"]})
    everything = stored + pending
    if "since" in request:
        since = request["since"] if request["epoch"] == EPOCH else 0
        return {"epoch": EPOCH, "messages": everything[since:]}
    return {"count": len(everything)}


async def serve(reader, writer):
    try:
        while line := await reader.readline():
            writer.write(json.dumps(answer(json.loads(line))).encode() + b"\n")
            await writer.drain()
    except (ConnectionError, json.JSONDecodeError) as error:
        log("client:", error)
    finally:
        writer.close()


def about():
    return {
        "cluster": os.environ["brokerClusterName"],
        "name": os.environ["brokerName"],
        "id": int(os.environ["brokerId"]),
        "address": f"{os.environ['RequestedIP']}:{PORT}",
    }


def seconds_until_registered():
    try:
        with open(REGISTER_AFTER, encoding="utf-8") as file:
            return float(file.read())
    except FileNotFoundError:
        return 0.0


async def keep_registered(address):
    host, port = address.split(":")
    await asyncio.sleep(seconds_until_registered())
    while True:
        try:
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(json.dumps({"register": about()}).encode() + b"\n")
            while True:
                writer.write(b'{"heartbeat": 1}\n')
                await writer.drain()
                await asyncio.sleep(1)
        except OSError as error:
            log("name server", address, "not reached:", error)
            await asyncio.sleep(0.5)


def take(messages):
    known = {message["id"] for message in stored + pending}
    pending.extend(message for message in messages if message["id"] not in known)


async def copy_from_primary(peer):
    epoch, copied = None, 0
    while True:
        try:
            reader, writer = await asyncio.open_connection(peer, PORT)
            while True:
                writer.write(json.dumps({"since": copied, "epoch": epoch}).encode() + b"\n")
                reply = json.loads(await reader.readline())
                copied = len(reply["messages"]) + (copied if reply["epoch"] == epoch else 0)
                epoch = reply["epoch"]
                if reply["messages"]:
                    take(reply["messages"])
                await asyncio.sleep(0.2)
        except (OSError, json.JSONDecodeError) as error:
            log("primary", peer, "not reached:", error)
            await asyncio.sleep(0.5)


async def main():
    load()
    asyncio.get_running_loop().add_signal_handler(15, lambda: asyncio.ensure_future(flush_and_exit()))
    server = await asyncio.start_server(serve, "0.0.0.0", PORT)
    tasks = [keep_registered(address) for address in os.environ["namesrv_addr"].split(";")]
    if os.environ["brokerId"] != "0":
        tasks.append(copy_from_primary(os.environ["broker_peer"]))
    log("broker", about())
    async with server:
        await asyncio.gather(*tasks)


sys.exit(asyncio.run(main()))
