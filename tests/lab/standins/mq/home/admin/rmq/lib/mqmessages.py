"""mqmessages put TEXT | count: talks to the broker of this container."""

import json
import socket
import sys


def ask(request):
    with socket.create_connection(("127.0.0.1", 10911), timeout=5) as connection:
        connection.sendall(json.dumps(request).encode() + b"\n")
        return json.loads(connection.makefile().readline())


def main(arguments):
    if arguments[:1] == ["put"] and len(arguments) == 2:
        request = {"put": arguments[1]}
    elif arguments == ["count"]:
        request = {"count": 1}
    else:
        print("usage: mqmessages put TEXT | count", file=sys.stderr)
        return 2
    try:
        print(ask(request)["count"])
    except OSError as error:
        print(f"mqmessages: the broker does not answer: {error}", file=sys.stderr)
        return 1
    return 0


sys.exit(main(sys.argv[1:]))
