"""mysqlclient doing the same: mysqlclient.py SOCKET select|rows|insert COUNT"""
import sys

import MySQLdb
import MySQLdb.cursors

socket, operation, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
db = MySQLdb.connect(unix_socket=socket, user="root", db="app", charset="utf8mb4")

if operation == "select":
    cursor = db.cursor()
    for _ in range(count):
        cursor.execute("SELECT 1 AS one")
        assert cursor.fetchall() == ((1,),)
elif operation == "rows" and count > 0:
    cursor = db.cursor(MySQLdb.cursors.SSDictCursor)
    cursor.execute(
        "SELECT seq AS id, CONCAT('host-', seq) AS name, seq * 1.25e0 AS value FROM seq_1_to_%d" % count
    )
    assert sum(1 for _ in cursor) == count
elif operation == "insert":
    cursor = db.cursor()
    cursor.execute("CREATE OR REPLACE TABLE bench_python (id INT PRIMARY KEY, name VARCHAR(20), value DOUBLE)")
    rows = [(i, "host-%d" % i, i * 1.25) for i in range(count)]
    if rows:
        cursor.executemany("INSERT INTO bench_python (id, name, value) VALUES (%s, %s, %s)", rows)
    db.commit()
