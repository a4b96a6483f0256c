"""psqlODBC through pyodbc: what Excel and other ODBC clients ask for (tables, columns, types, parameters)."""

import os
import sys
from datetime import timezone

import pyodbc

from expected import COLUMN_TYPES, FIGURE, PARAMETERS, QUERY, VIEW, check, check_figure, done, refused

driver = sys.argv[1]
settings = {
    "DRIVER": driver,
    "SERVER": os.environ["PGHOST"],
    "PORT": os.environ["PGPORT"],
    "DATABASE": os.environ["PGDATABASE"],
    "UID": os.environ["PGUSER"],
    "PWD": os.environ["PGPASSWORD"],
    "SSLmode": os.environ["PGSSLMODE"],
    "ReadOnly": "1",
}
if "PGSSLROOTCERT" in os.environ:
    settings["pqopt"] = "{sslrootcert=" + os.environ["PGSSLROOTCERT"] + "}"


def connect(**others):
    return pyodbc.connect(";".join(f"{key}={value}" for key, value in (settings | others).items()))


def in_utc(row):
    """ODBC has no instant with a zone: the driver hands over wall-clock time of the session's zone, which is UTC."""
    return (*row[:5], row[5].replace(tzinfo=timezone.utc), *row[6:])


connection = connect()
cursor = connection.cursor()
check("database", connection.getinfo(pyodbc.SQL_DATABASE_NAME), FIGURE["database"])
check("kind of server", connection.getinfo(pyodbc.SQL_DBMS_NAME), "PostgreSQL")

tables = {(row.table_schem, row.table_name, row.table_type) for row in cursor.tables()}
names = {(schema, name) for schema, name, _ in tables}
check("tables", {("outcomes", "figures"), ("outcomes", VIEW), ("meta", "definitions")} <= names, True)
views = {row.table_name for row in cursor.tables(schema="outcomes", tableType="VIEW")}
check("views", {"figures", VIEW} <= views, True)

columns = {row.column_name: row for row in cursor.columns(table=VIEW, schema="outcomes")}
for name, kind in {"numerator": pyodbc.SQL_BIGINT, "value": pyodbc.SQL_FLOAT, "as_of": pyodbc.SQL_TYPE_TIMESTAMP}.items():
    check(f"type of {name}", columns[name].data_type, kind)
check("columns", set(COLUMN_TYPES) <= set(columns), True)
check("no primary key", cursor.primaryKeys("figures", schema="outcomes").fetchall(), [])
check("no index", [row for row in cursor.statistics("figures", schema="outcomes").fetchall() if row.index_name], [])

row = cursor.execute(QUERY.format("?", "?", "?", "?"), PARAMETERS).fetchone()
check_figure("parameters", in_utc(row))
check("the value is a float", type(row[2]), float)

limited = cursor.execute(f'SELECT "area" FROM "outcomes"."{VIEW}" WHERE denominator = ? LIMIT 1', FIGURE["denominator"])
check("a number as parameter", limited.fetchone() is not None, True)
connection.commit()
refused("update", lambda: cursor.execute("UPDATE outcomes.figures SET area = 'X'"), pyodbc.Error)
connection.rollback()
check("and the connection lives on", cursor.execute("SELECT 1").fetchone()[0], 1)
connection.close()

connection = connect(UseServerSidePrepare="0")
row = connection.cursor().execute(QUERY.format("?", "?", "?", "?"), PARAMETERS).fetchone()
check_figure("parameters put in by the driver", in_utc(row))
connection.close()
refused("a wrong password", lambda: connect(PWD="wrong"), pyodbc.Error)
done()
