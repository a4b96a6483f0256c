"""psycopg 3 (libpq): server-side parameters, binary results, server-side cursor, pipeline, transactions, cancel."""

import threading

import psycopg
from psycopg.rows import dict_row

from expected import FIGURE, PARAMETERS, QUERY, SLOW_QUERY, VIEW, check, check_figure, done, refused

SQL = QUERY.format("%s", "%s", "%s", "%s")

with psycopg.connect(autocommit=True) as connection:
    check("user", connection.execute("SELECT current_user").fetchone()[0], FIGURE["user"])
    check("database", connection.execute("SELECT current_database()").fetchone()[0], FIGURE["database"])
    check("SCRAM was asked for", connection.pgconn.used_password, True)
    check("encoding", connection.info.encoding, "utf-8")

    # Bound on the server, as text and as binary; prepared explicitly, then by repetition.
    for binary in (False, True):
        for prepare in (False, True):
            row = connection.execute(SQL, PARAMETERS, binary=binary, prepare=prepare).fetchone()
            check_figure(f"binary {binary}, prepared {prepare}", row)
    for _ in range(7):
        check_figure("repeated", connection.execute(SQL, PARAMETERS).fetchone())

    # Parameters of other types than text.
    cursor = connection.execute(
        f"SELECT area FROM outcomes.{VIEW} WHERE denominator = %s AND value > %s AND as_of >= %s"
        " AND period = ANY(%s) AND basis = %s",
        (FIGURE["denominator"], 0.5, FIGURE["as_of"], ["28d", "7d"], FIGURE["basis"]),
    )
    check("numbers, instants and arrays as parameters", (FIGURE["area"],) in cursor.fetchall(), True)
    check("null as parameter", connection.execute("SELECT %s::text IS NULL", (None,)).fetchone(), (True,))

    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(f"SELECT * FROM outcomes.{VIEW} LIMIT 1")
        names = list(cursor.fetchone())
        oids = {column.name: column.type_code for column in cursor.description}
    check("first columns", names[:5], ["indicator", "version", "basis", "level", "area"])
    check("type of numerator", oids["numerator"], 20)
    check("type of value", oids["value"], 701)
    check("type of as_of", oids["as_of"], 1184)
    check("type of area", oids["area"] in (25, 1043), True)

    comment = connection.execute(
        "SELECT obj_description(%s::regclass, 'pg_class')", ("outcomes.figures",)
    ).fetchone()[0]
    check("comment of the view", comment, FIGURE["figures_comment"])

    # A transaction reads one snapshot; a failure inside it is remembered until it ends.
    with connection.transaction():
        first = connection.execute("SELECT max(as_of) FROM outcomes.figures").fetchone()
        with connection.transaction():
            check("one instant a transaction", connection.execute("SELECT max(as_of) FROM outcomes.figures").fetchone(), first)
    with connection.transaction(force_rollback=True):
        connection.execute("SELECT 1")
        refused("division of a name", lambda: connection.execute("SELECT no_such_column"), psycopg.Error)
        refused("a failed transaction answers nothing", lambda: connection.execute("SELECT 1"), psycopg.Error)
    check("and the connection lives on", connection.execute("SELECT 1").fetchone(), (1,))

    with connection.pipeline():
        answers = [connection.execute("SELECT %s::int", (number,)) for number in range(5)]
    check("pipeline", [answer.fetchone()[0] for answer in answers], [0, 1, 2, 3, 4])

    refused("insert", lambda: connection.execute("INSERT INTO outcomes.figures (area) VALUES ('X')"), psycopg.Error)
    refused("copy", lambda: connection.execute("COPY outcomes.figures TO STDOUT"), psycopg.Error)
    check("and the connection lives on", connection.execute("SELECT 1").fetchone(), (1,))

    # Read only, said by the client.
    connection.read_only = True
    check_figure("read only", connection.execute(SQL, PARAMETERS).fetchone())

    # Cancelled from outside, as a notebook's stop button does it.
    stop = threading.Timer(0.5, connection.cancel)
    stop.start()
    refused("a cancelled query", lambda: connection.execute(SLOW_QUERY), psycopg.errors.QueryCanceled)
    stop.join()
    check("and the connection lives on", connection.execute("SELECT 1").fetchone(), (1,))

with psycopg.connect() as connection:
    # Without autocommit psycopg says BEGIN itself.
    check_figure("in psycopg's own transaction", connection.execute(SQL, PARAMETERS).fetchone())
    connection.rollback()
    check_figure("after rollback", connection.execute(SQL, PARAMETERS).fetchone())
    connection.commit()

refused("a wrong password", lambda: psycopg.connect(password="wrong"), psycopg.OperationalError)
refused("an unknown role", lambda: psycopg.connect(user="nobody"), psycopg.OperationalError)
refused("another database", lambda: psycopg.connect(dbname="postgres_of_others"), psycopg.OperationalError)
done()
