"""kazoo doing the same: kazoo_client.py HOSTS get|create|walk COUNT|PATH WINDOW"""
import os
import sys
from collections import deque

from kazoo.client import KazooClient

hosts, operation, what, window = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
client = KazooClient(hosts, timeout=30)
client.start()


def walk(path):
    count = 1
    for name in client.get_children(path):
        count += walk(path.rstrip("/") + "/" + name)
    return count


if operation == "walk":
    walk(what)
else:
    data = b"x" * 100
    root = "/kazoo-%d" % os.getpid()
    client.create(root, data)
    under_way = deque()
    for i in range(int(what)):
        if len(under_way) >= window:
            under_way.popleft().get()
        if operation == "create":
            under_way.append(client.create_async("%s/n%d" % (root, i), data, ephemeral=True))
        else:
            under_way.append(client.get_async(root))
    while under_way:
        under_way.popleft().get()
client.stop()
client.close()
