"""mqadmin clusterList [-n HOST:PORT]: the brokers that the name server knows now."""

import json
import socket
import sys

COLUMNS = "%-17s %-22s %-5s %-22s %-10s"


def name_server(arguments):
    if "-n" in arguments:
        return arguments[arguments.index("-n") + 1].split(";")[0]
    return "127.0.0.1:9876"


def ask(address):
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b'{"list": 1}\n')
        return json.loads(connection.makefile().readline())["brokers"]


def main(arguments):
    if not arguments or arguments[0] != "clusterList":
        print("usage: mqadmin clusterList [-n HOST:PORT]", file=sys.stderr)
        return 2
    address = name_server(arguments)
    try:
        brokers = ask(address)
    except OSError as error:
        print(f"mqadmin: connect to {address} failed: {error}", file=sys.stderr)
        return 1
    print(COLUMNS % ("#Cluster Name", "#Broker Name", "#BID", "#Addr", "#Version"))
    for broker in sorted(brokers, key=lambda b: (b["cluster"], b["name"], b["id"])):
        print(COLUMNS % (broker["cluster"], broker["name"], broker["id"], broker["address"], "V3_5_8"))
    return 0


sys.exit(main(sys.argv[1:]))
