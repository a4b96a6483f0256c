"""Sends a query, reads nothing of its answer, and holds on until its input closes."""

import sys

import psycopg

connection = psycopg.connect(autocommit=True)
connection.pgconn.send_query(sys.argv[1].encode())
while connection.pgconn.flush():
    pass
print("ready", flush=True)
sys.stdin.read()
