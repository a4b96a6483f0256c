"""SQLAlchemy 2: reflection of schemas, views, tables, columns, types and comments; queries built from what was reflected."""

import os

import sqlalchemy as sa

from expected import FIGURE, PARAMETERS, VIEW, check, check_figure, done, refused

arguments = {"sslmode": os.environ["PGSSLMODE"]}
if "PGSSLROOTCERT" in os.environ:
    arguments["sslrootcert"] = os.environ["PGSSLROOTCERT"]
url = sa.URL.create(
    "postgresql+psycopg",
    username=os.environ["PGUSER"],
    password=os.environ["PGPASSWORD"],
    host=os.environ["PGHOST"],
    port=int(os.environ["PGPORT"]),
    database=os.environ["PGDATABASE"],
)
engine = sa.create_engine(url, connect_args=arguments, pool_size=2, pool_pre_ping=True)

inspector = sa.inspect(engine)
schemas = set(inspector.get_schema_names())
check("schemas", {"outcomes", "meta"} <= schemas, True)
relations = set(inspector.get_view_names("outcomes")) | set(inspector.get_table_names("outcomes"))
check("views", {"figures", VIEW} <= relations, True)
meta = set(inspector.get_view_names("meta")) | set(inspector.get_table_names("meta"))
check("meta", {"definitions", "example_queries", "freshness"} <= meta, True)

columns = {column["name"]: column for column in inspector.get_columns(VIEW, schema="outcomes")}
for name, kind in {
    "indicator": (sa.TEXT, sa.VARCHAR),
    "numerator": (sa.BIGINT,),
    "denominator": (sa.BIGINT,),
    "value": (sa.DOUBLE_PRECISION, sa.DOUBLE),
    "as_of": (sa.TIMESTAMP,),
}.items():
    check(f"type of {name}: {columns[name]['type']!r}", isinstance(columns[name]["type"], kind), True)
check("as_of has a zone", columns["as_of"]["type"].timezone, True)
check("comment of numerator", columns["numerator"]["comment"], FIGURE["numerator_comment"])
check("comment of the view", inspector.get_table_comment("figures", schema="outcomes")["text"], FIGURE["figures_comment"])
check("no primary key", inspector.get_pk_constraint(VIEW, schema="outcomes")["constrained_columns"], [])
check("no foreign keys", inspector.get_foreign_keys(VIEW, schema="outcomes"), [])
check("no indexes", inspector.get_indexes(VIEW, schema="outcomes"), [])
check("the view is there", inspector.has_table(VIEW, schema="outcomes"), True)
check("another is not", inspector.has_table("no_such_table", schema="outcomes"), False)

metadata = sa.MetaData()
figures = sa.Table(VIEW, metadata, schema="outcomes", autoload_with=engine)
names = "numerator denominator value lower upper as_of area_name band".split()
question = (
    sa.select(*(figures.c[name] for name in names))
    .where(figures.c.basis == PARAMETERS[0])
    .where(figures.c.level == PARAMETERS[1])
    .where(figures.c.area == PARAMETERS[2])
    .where(figures.c.period == PARAMETERS[3])
)
with engine.connect() as connection:
    check_figure("reflected query", tuple(connection.execute(question).one()))
    counted = connection.execute(sa.select(sa.func.count()).select_from(figures)).scalar_one()
    check("count", counted > 0, True)
    limited = connection.execute(question.with_only_columns(figures.c.area).limit(1).offset(0)).all()
    check("limit", limited, [(FIGURE["area"],)])
    refused("a write", lambda: connection.execute(sa.insert(figures).values(area="X")), sa.exc.DBAPIError)
with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
    check_figure("autocommit", tuple(connection.execute(question).one()))
with engine.connect().execution_options(stream_results=False, isolation_level="REPEATABLE READ") as connection:
    check_figure("repeatable read", tuple(connection.execute(question).one()))

# The whole of both schemas at once, as notebooks and modelling tools do.
everything = sa.MetaData()
everything.reflect(engine, schema="outcomes", views=True)
everything.reflect(engine, schema="meta", views=True)
check("reflected both", {f"outcomes.{VIEW}", "outcomes.figures", "meta.definitions"} <= set(everything.tables), True)
engine.dispose()
done()
