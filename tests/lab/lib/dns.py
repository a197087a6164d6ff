"""A name server for tests. Usage: dns.py ADDRESS PORT NAMES

NAMES has a line "NAME ADDRESS..." for each name, IPv4 or IPv6 addresses, or one of these words in their place:
silent (no answer at all), servfail, refused. Names it does not have do not exist. It is read at every question, so that
a test adds what it needs; an empty answer is one for a name that has no address of the kind that was asked for. A line
that cannot be understood is skipped, and the log says so.
"""

import ipaddress
import socket
import struct
import sys

TTL = 5
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5
TYPES = {1: 4, 28: 6}
HEADER = struct.Struct("!6H")
ANSWERS = (["silent"], ["servfail"], ["refused"])


def meaning_of(words):
    """The addresses that the words are, or the words when they say how to answer; ValueError for anything else."""
    return words if words in ANSWERS else [ipaddress.ip_address(word) for word in words]


def lookup(names, name):
    """What the file says of a name: addresses or one of ANSWERS; None when it has nothing that can be understood."""
    with open(names, "rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                words = line.decode("ascii").split()
                if words and words[0].lower() == name:
                    return meaning_of(words[1:])
            # UnicodeDecodeError is one as well.
            except ValueError as error:
                print(f"{names}: line {number} is skipped: {error}", flush=True)
    return None


def question_of(packet):
    """(name, type, the question as it came); IndexError or struct.error for what is none."""
    labels, at = [], HEADER.size
    while length := packet[at]:
        labels.append(packet[at + 1 : at + 1 + length].decode("ascii", "replace").lower())
        at += 1 + length
    (kind,) = struct.unpack_from("!H", packet, at + 1)
    return ".".join(labels), kind, packet[HEADER.size : at + 5]


def answer(packet, names):
    """The reply to a packet; None for silence."""
    name, kind, question = question_of(packet)
    words = lookup(names, name)
    code, addresses = NOERROR, []
    if words is None:
        code = NXDOMAIN
    elif words == ["silent"]:
        return None
    elif words == ["servfail"]:
        code = SERVFAIL
    elif words == ["refused"]:
        code = REFUSED
    else:
        addresses = [ip for ip in words if ip.version == TYPES.get(kind)]
    identifier, flags = struct.unpack_from("!2H", packet)
    # A response, authoritative, recursion desired as asked and available.
    head = HEADER.pack(identifier, 0x8480 | flags & 0x0100 | code, 1, len(addresses), 0, 0)
    # 0xC00C: the name of the question.
    records = [struct.pack("!3HIH", 0xC00C, kind, 1, TTL, len(ip.packed)) + ip.packed for ip in addresses]
    return head + question + b"".join(records)


def main(address, port, names):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, int(port)))
    while True:
        packet, client = server.recvfrom(4096)
        try:
            reply = answer(packet, names)
        except (IndexError, struct.error) as error:
            print("no question:", packet, error, flush=True)
            continue
        if reply is not None:
            server.sendto(reply, client)


main(*sys.argv[1:])
