"""asyncpg: its own binary protocol; prepared statements, type introspection, cursors, timeouts that cancel, a pool."""

import asyncio
import os
import ssl
from datetime import datetime, timezone

import asyncpg

from expected import AS_OF, FIGURE, PARAMETERS, QUERY, SLOW_QUERY, VIEW, check, check_figure, done

SQL = QUERY.format("$1", "$2", "$3", "$4")


async def refused(what, awaitable, *kinds):
    try:
        await awaitable
    except kinds:
        check(what, True, True)
        return
    raise SystemExit(f"{what}: was not refused")


def encryption():
    if os.environ["PGSSLMODE"] == "disable":
        return False
    return ssl.create_default_context(cafile=os.environ["PGSSLROOTCERT"])


async def main():
    connection = await asyncpg.connect(ssl=encryption())
    check("version", connection.get_server_version().major >= 10, True)
    check_figure("fetchrow", tuple(await connection.fetchrow(SQL, *PARAMETERS)))

    statement = await connection.prepare(SQL)
    check("parameters", [parameter.name for parameter in statement.get_parameters()], ["text"] * 4)
    kinds = {attribute.name: attribute.type.name for attribute in statement.get_attributes()}
    check("type of numerator", kinds["numerator"], "int8")
    check("type of value", kinds["value"], "float8")
    check("type of as_of", kinds["as_of"], "timestamptz")
    for _ in range(3):
        check_figure("prepared", tuple(await statement.fetchrow(*PARAMETERS)))

    # Parameters whose types the server infers.
    areas = await connection.fetch(
        f"SELECT area FROM outcomes.{VIEW} WHERE denominator = $1 AND value > $2 AND as_of BETWEEN $3 AND $4 AND basis = $5",
        FIGURE["denominator"], 0.5, AS_OF, datetime.now(timezone.utc), FIGURE["basis"],
    )
    check("inferred parameters", FIGURE["area"] in [row["area"] for row in areas], True)
    areas = await connection.fetch(f"SELECT DISTINCT area FROM outcomes.{VIEW} WHERE area = ANY($1::text[])", [FIGURE["area"]])
    check("array parameter", [row["area"] for row in areas], [FIGURE["area"]])

    # An unusual type makes asyncpg introspect pg_type with a recursive query of its own: answered, or avoided by
    # the text form. Arrays of names come back from the catalogue.
    names = await connection.fetchval("SELECT current_schemas(false)")
    check("array of names", "outcomes" in names, True)

    async with connection.transaction(readonly=True):
        first = await connection.fetchval("SELECT max(as_of) FROM outcomes.figures")
        async with connection.transaction():
            check("one instant a transaction", await connection.fetchval("SELECT max(as_of) FROM outcomes.figures"), first)
        rows = [row async for row in connection.cursor(f"SELECT area FROM outcomes.{VIEW} ORDER BY area", prefetch=2)]
    everything = await connection.fetch(f"SELECT area FROM outcomes.{VIEW} ORDER BY area")
    check("a cursor in steps of two", [row["area"] for row in rows], [row["area"] for row in everything])

    await refused("delete", connection.execute("DELETE FROM outcomes.figures"), asyncpg.PostgresError)
    await refused("a query past the client's timeout", connection.fetch(SLOW_QUERY, timeout=0.5), asyncio.TimeoutError)
    check("and the connection lives on", await connection.fetchval("SELECT 1"), 1)
    await connection.close()

    # A pool resets a connection when it is given back.
    async with asyncpg.create_pool(ssl=encryption(), min_size=1, max_size=2) as pool:
        for _ in range(3):
            async with pool.acquire() as connection:
                check_figure("pooled", tuple(await connection.fetchrow(SQL, *PARAMETERS)))
    await refused("a wrong password", asyncpg.connect(ssl=encryption(), password="wrong"), asyncpg.PostgresError)


asyncio.run(main())
done()
