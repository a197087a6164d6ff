"""Servers that do not speak what their clients expect. Usage: rude.py ADDRESS KIND=PORT...

Each accepts connections and then
  silent    says nothing and keeps them open
  garbage   says bytes that belong to no protocol, for ever
  closing   closes them at once
  reset     resets them at once
  half      says the first bytes of an SSH banner and then nothing
  slow      says an SSH banner at one byte a second
  parting   says an SSH banner and nothing more, ever
"""

import asyncio
import socket
import struct
import sys

BANNER = b"SSH-2.0-rude\r\n"


async def forever():
    await asyncio.Event().wait()


async def silent(_):
    await forever()


async def garbage(writer):
    while True:
        writer.write(b"\x00\xff\xfe\x7fgarbage\x1b[31m" * 64)
        await writer.drain()


async def closing(_):
    return


async def reset(writer):
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


async def half(writer):
    writer.write(BANNER[:5])
    await forever()


async def slow(writer):
    for byte in BANNER:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)
    await forever()


async def parting(writer):
    writer.write(BANNER)
    writer.write_eof()
    await forever()


def server_of(behave):
    async def serve(_, writer):
        try:
            await behave(writer)
        except ConnectionError:
            return
        finally:
            writer.close()

    return serve


async def main(address, *kinds):
    known = {function.__name__: function for function in (silent, garbage, closing, reset, half, slow, parting)}
    for kind in kinds:
        name, _, port = kind.partition("=")
        await asyncio.start_server(server_of(known[name]), address, int(port))
    await forever()


asyncio.run(main(*sys.argv[1:]))
