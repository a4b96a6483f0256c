"""DuckDB over the same submission folders: read, cast, keep on disk, take the current row of each key, count.

Usage: by_duckdb.py FOLDER DATABASE THREADS; prints one line of JSON. Needs the package `duckdb`.
"""

import json
import resource
import sys
import time

import duckdb

TEXT, DATE, TIME, WHOLE = "VARCHAR", "DATE", "TIME", "SMALLINT"

HEADER = {
    "version": TEXT, "provider": TEXT, "submitter": TEXT, "rp_start": DATE, "rp_end": DATE, "received": "TIMESTAMP",
    "primary_system": TEXT,
}
# Columns of each table, and the canonical key inside a provider (handbook, csds.md section 3).
TABLES = {
    "CYP001MPI": (
        {"person": TEXT, "org": TEXT, "nhs_number": TEXT, "nhs_status": TEXT, "born": DATE, "postcode": TEXT,
         "gender": TEXT, "ethnicity": TEXT},
        "person",
    ),
    "CYP002GP": ({"person": TEXT, "practice": TEXT, "begins": DATE, "ends": DATE}, "person"),
    "CYP003AccommType": ({"person": TEXT, "status": TEXT, "recorded": DATE}, "person"),
    "CYP101Referral": (
        {"request": TEXT, "person": TEXT, "commissioner": TEXT, "received_date": DATE, "received_time": TIME,
         "source": TEXT, "referring": TEXT, "priority": TEXT, "reason": TEXT, "discharge": DATE},
        "request",
    ),
    "CYP102ServiceTypeReferredTo": (
        {"request": TEXT, "team": TEXT, "team_type": TEXT, "closed": DATE, "rejected": DATE, "closure_reason": TEXT,
         "rejection_reason": TEXT},
        "request, team",
    ),
    "CYP104RTT": (
        {"request": TEXT, "waiting_type": TEXT, "start_date": DATE, "end_date": DATE, "status": TEXT,
         "start_time": TIME, "end_time": TIME},
        "request, waiting_type, start_date, start_time",
    ),
    "CYP105OnwardReferral": ({"request": TEXT, "onward_date": DATE, "reason": TEXT, "receiving": TEXT}, "request"),
    "CYP201CareContact": (
        {"contact": TEXT, "request": TEXT, "team": TEXT, "contact_date": DATE, "contact_time": TIME,
         "commissioner": TEXT, "duration": WHOLE, "consultation": TEXT, "subject": TEXT, "mechanism": TEXT,
         "location": TEXT, "attendance": TEXT, "cancelled": DATE},
        "request, contact",
    ),
    "CYP202CareActivity": (
        {"activity": TEXT, "contact": TEXT, "activity_type": TEXT, "professional": TEXT, "duration": WHOLE},
        "contact, activity",
    ),
}
# What Homeward's figures rest on, and folds into its book.
COMPUTED_WITH = ["CYP001MPI", "CYP002GP", "CYP101Referral", "CYP102ServiceTypeReferredTo", "CYP104RTT",
                 "CYP201CareContact"]


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def read(folder, table, columns):
    listed = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    return (f"read_csv('{folder}/*/*/{table}.csv', header = true, auto_detect = false, delim = ',', quote = '\"', "
            f"dateformat = '%Y-%m-%d', columns = {{{listed}}}, filename = true)")


def load(db, folder):
    """Every row of every table with its submission; the number of rows."""
    db.execute(f"""
        CREATE TABLE submission AS
        SELECT parse_dirpath(filename) AS folder, provider, rp_end, received,
               received::DATE > rp_end + 20 AS is_refresh,
               row_number() OVER (ORDER BY rp_end, received, provider) AS rank
        FROM {read(folder, "CYP000Header", HEADER)}""")
    rows = db.execute("SELECT count(*) FROM submission").fetchone()[0]
    for table, (columns, _) in TABLES.items():
        names = ", ".join(f"t.{name}" for name in columns)
        rows += db.execute(f"""
            CREATE TABLE {table} AS
            SELECT s.rank, s.provider AS by_provider, {names}
            FROM {read(folder, table, columns)} t JOIN submission s ON s.folder = parse_dirpath(t.filename)
            """).fetchone()[0]
    # One submission counts for a provider and period: the Refresh before the Primary, then the last received.
    db.execute("""
        CREATE TABLE effective AS
        SELECT arg_max(rank, (is_refresh, received)) AS rank FROM submission GROUP BY provider, rp_end""")
    return rows


def keep_current(db, tables):
    """The current row of each key: reporting period first, then receipt."""
    for table in tables:
        columns, key = TABLES[table]
        others = [name for name in columns if name not in key.split(", ")]
        values = ", ".join(f"v.{name} AS {name}" for name in others)
        packed = ", ".join(f"'{name}': {name}" for name in others)
        db.execute(f"""
            CREATE TABLE current_{table} AS
            SELECT by_provider, {key}, {values or "1"}
            FROM (SELECT by_provider, {key}, arg_max({{{packed or "'one': 1"}}}, rank) AS v
                  FROM {table} WHERE rank IN (SELECT rank FROM effective) GROUP BY by_provider, {key})""")


def figures(db):
    """Clocks of two hours by provider and month of their end: met, and all."""
    rows = db.execute("""
        SELECT by_provider, strftime(end_date, '%Y-%m'),
               count(*) FILTER (WHERE date_diff('minute', start_date + start_time, end_date + end_time) BETWEEN 0 AND 120),
               count(*)
        FROM current_CYP104RTT WHERE waiting_type = '05' AND end_date IS NOT NULL GROUP BY ALL ORDER BY ALL""")
    return {f"{provider} {month}": [met, stopped] for provider, month, met, stopped in rows.fetchall()}


def main(folder, database, threads):
    began, stages = time.monotonic(), {}
    db = duckdb.connect(database, config={"threads": threads})

    def stage(name, work):
        before = cpu_seconds()
        outcome = work()
        stages[name] = cpu_seconds() - before
        return outcome

    rows = stage("load", lambda: load(db, folder))
    stage("keep current", lambda: keep_current(db, COMPUTED_WITH))
    found = stage("figures", lambda: figures(db))
    stage("checkpoint", lambda: db.execute("CHECKPOINT"))
    seconds, cpu = time.monotonic() - began, cpu_seconds()
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    stage("others current", lambda: keep_current(db, [table for table in TABLES if table not in COMPUTED_WITH]))
    print(json.dumps({
        "rows": rows, "seconds": seconds, "cpu_seconds": cpu, "peak_mib": peak_mib, "stages": stages, "figures": found,
        "version": duckdb.__version__,
    }))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
