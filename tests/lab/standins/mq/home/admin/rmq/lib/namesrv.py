"""MQ name server: knows the brokers that hold a connection to it and send a heartbeat.

One JSON document a line. A broker sends {"register": {...}} and then {"heartbeat": 1} every second; who sends
{"list": 1} gets {"brokers": [...]}.
"""

import asyncio
import json
import os
import time

PORT = 9876
# A broker whose host vanished closes nothing; after this many seconds without a heartbeat it is forgotten.
EXPIRY = 5.0

brokers = {}


def alive():
    oldest = time.monotonic() - EXPIRY
    return [b["about"] for b in brokers.values() if b["seen"] >= oldest]


async def serve(reader, writer):
    key = id(writer)
    try:
        while line := await reader.readline():
            message = json.loads(line)
            if "register" in message:
                brokers[key] = {"about": message["register"], "seen": time.monotonic()}
            elif "heartbeat" in message and key in brokers:
                brokers[key]["seen"] = time.monotonic()
            elif "list" in message:
                writer.write(json.dumps({"brokers": alive()}).encode() + b"\n")
                await writer.drain()
    except (ConnectionError, json.JSONDecodeError) as error:
        print("connection ended:", error, flush=True)
    finally:
        brokers.pop(key, None)
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "0.0.0.0", PORT)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(15, lambda: os._exit(0))
    print("name server listening on", PORT, flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
