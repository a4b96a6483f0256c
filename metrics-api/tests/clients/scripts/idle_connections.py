"""Holds so many connections, asks each of them once more when its input closes, and fails when one has gone."""

import sys

import psycopg

connections = [psycopg.connect(autocommit=True) for _ in range(int(sys.argv[1]))]
print("ready", flush=True)
sys.stdin.read()
for connection in connections:
    if connection.execute("SELECT 1").fetchone() != (1,):
        sys.exit("a connection answers no more")
    connection.close()
