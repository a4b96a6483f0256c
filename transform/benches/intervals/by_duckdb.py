"""DuckDB over the Parquet files of a lake: the newest version of each state, and the figures made of intervals.

Usage: by_duckdb.py QUESTION FOLDER ANSWER THREADS FIRST_DAY AS_OF; prints one line of JSON. Needs the package `duckdb`.
Each figure is a line of ANSWER: indicator, provider, period, numerator, denominator, and the counts that are compared.
"""

import json
import resource
import sys
import time

import duckdb

# DuckDB's own time zones are an extension that its package does not bring. Both macros are right where they are asked: of
# every instant, and of 00:00 and 08:00 on every day.
CLOCKS = """
CREATE MACRO sunday(y, m) AS make_date(y, m, 31) - CAST(dayofweek(make_date(y, m, 31)) AS INTEGER);
CREATE MACRO summer(t) AS t >= sunday(year(t), 3) + INTERVAL 1 HOUR AND t < sunday(year(t), 10) + INTERVAL 1 HOUR;
CREATE MACRO local(t) AS CASE WHEN summer(t) THEN t + INTERVAL 1 HOUR ELSE t END;
CREATE MACRO instant(t) AS CASE WHEN summer(t) THEN t - INTERVAL 1 HOUR ELSE t END;
"""
INSTANTS = ["event_time", "admitted_at", "discharged_at", "arrived_at", "departed_at", "valid_from"]
# Trusted for so long after the last record of a stay without an end.
EXPIRY = "INTERVAL 30 DAY"


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def newest(db, lake, table, items):
    """The state of each subject: its newest version, unless that withdraws it."""
    held = {name: f"CAST({name} AS TIMESTAMP)" for name in INSTANTS}
    packed = ", ".join(f"'{name}': {held.get(name, name)}" for name in ["withdrawn", "event_time", *items])
    taken = ", ".join(f"v.{name} AS {name}" for name in ["event_time", *items])
    db.execute(f"""
        CREATE TABLE {table} AS SELECT subject, {taken} FROM (
          SELECT subject, arg_max({{{packed}}}, row(version_id, event_time, event_id)) AS v
          FROM read_parquet('{lake}/{table}/*.parquet') GROUP BY subject)
        WHERE NOT v.withdrawn""")


def local_day(instant):
    return f"CAST(local({instant}) AS DATE)"


def ward_states(db, lake):
    newest(db, lake, "virtual_ward_stay",
           ["provider", "ward_id", "pseudonym", "practice", "admitted_at", "discharged_at", "route", "pathway",
            "tech_enabled"])
    newest(db, lake, "virtual_ward_capacity", ["provider", "ward_id", "pathway", "beds", "valid_from", "area"])


def merge_stays(db, as_of):
    """Overlapping stays of one person on one ward are one, with the items of the first."""
    db.execute("""
        CREATE TABLE episode AS
        WITH stay AS (
          SELECT *, coalesce(pseudonym, subject) AS who, coalesce(discharged_at, TIMESTAMP 'infinity') AS until
          FROM virtual_ward_stay
        ), before AS (
          SELECT *, max(until) OVER (PARTITION BY provider, ward_id, who ORDER BY admitted_at, until DESC, subject
                                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
          FROM stay
        ), island AS (
          SELECT *, sum(CASE WHEN reached > admitted_at THEN 0 ELSE 1 END)
                      OVER (PARTITION BY provider, ward_id, who ORDER BY admitted_at, until DESC, subject) AS number
          FROM before
        )
        SELECT provider, ward_id AS ward, min(admitted_at) AS since, max(until) AS until,
               first(practice ORDER BY admitted_at, until DESC, subject) AS practice,
               first(route ORDER BY admitted_at, until DESC, subject) AS route,
               first(pathway ORDER BY admitted_at, until DESC, subject) AS pathway,
               first(tech_enabled ORDER BY admitted_at, until DESC, subject) AS tech_enabled
        FROM island GROUP BY provider, ward_id, who, number""")
    db.execute("""
        CREATE TABLE bed AS
        SELECT provider, ward_id AS ward, area, pathway, beds, valid_from AS since,
               coalesce(lead(valid_from) OVER (PARTITION BY provider, ward_id ORDER BY valid_from),
                        TIMESTAMP 'infinity') AS until
        FROM virtual_ward_capacity""")


def calendar(db, first_day, as_of):
    db.execute(f"""
        CREATE TABLE day AS
        SELECT day, instant(day + INTERVAL 8 HOUR) AS morning, instant(day::TIMESTAMP) AS begins,
               instant(day + INTERVAL 1 DAY) AS ends
        FROM (SELECT CAST(unnest(generate_series(DATE '{first_day}', {local_day(f"TIMESTAMP '{as_of}'")},
                                                 INTERVAL 1 DAY)) AS DATE) AS day)""")


def ward_days(db, as_of):
    """Patients and seconds of each ward and day, beside its beds."""
    limit = f"TIMESTAMP '{as_of}'"
    db.execute(f"""
        CREATE TABLE stay_day AS
        SELECT e.provider, e.ward, d.day,
               CASE WHEN e.since <= d.morning AND d.morning < e.until THEN 1 ELSE 0 END AS patients,
               epoch_us(least(e.until, d.ends)) - epoch_us(greatest(e.since, d.begins)) AS microseconds
        FROM (SELECT *, CAST(unnest(generate_series({local_day('since')}, {local_day(f'least(until, {limit})')},
                                                    INTERVAL 1 DAY)) AS DATE) AS day FROM episode) e
        JOIN day d ON d.day = e.day""")
    db.execute(f"""
        CREATE TABLE ward_day AS
        WITH taken AS (
          SELECT provider, ward, day, sum(patients) AS patients, sum(microseconds) AS microseconds
          FROM stay_day GROUP BY ALL
        ), had AS (
          SELECT b.provider, b.ward, d.day, b.area, b.pathway,
                 sum(CASE WHEN b.since <= d.morning AND d.morning < b.until THEN b.beds END) AS beds,
                 sum(b.beds * (epoch_us(least(b.until, d.ends)) - epoch_us(greatest(b.since, d.begins)))) AS available
          FROM bed b JOIN day d ON b.since < d.ends AND b.until > d.begins GROUP BY ALL
        )
        SELECT provider, ward, day, area, pathway, coalesce(patients, 0) AS patients,
               coalesce(microseconds, 0) // 1000000 AS occupied, beds, available // 1000000 AS available,
               d.morning <= {limit} AS has_come, d.ends <= {limit} AS is_over
        FROM taken FULL JOIN had USING (provider, ward, day) JOIN day d USING (day)""")


def by_day_and_month(source, keys, sums, condition):
    """The finest figures of both grains, then summed by provider and period, which is what is compared."""
    summed = ", ".join(f"sum({text}) AS n{number}" for number, text in enumerate(sums))
    again = ", ".join(f"coalesce(CAST(sum(n{number}) AS BIGINT), 0)" for number in range(len(sums)))
    return f"""
        WITH of_day AS (
          SELECT provider, {keys}, day, {summed} FROM {source} WHERE {condition} GROUP BY ALL
        ), finest AS (
          SELECT provider, {keys}, strftime(day, 'day:%Y-%m-%d') AS period, {", ".join(f"n{n}" for n in range(len(sums)))}
          FROM of_day
          UNION ALL
          SELECT provider, {keys}, strftime(day, 'month:%Y-%m') AS period, {", ".join(f"sum(n{n})" for n in range(len(sums)))}
          FROM of_day GROUP BY ALL
        )
        SELECT provider, period, {again} FROM finest GROUP BY ALL"""


def ward_figures(db, folder, as_of):
    limit = f"TIMESTAMP '{as_of}'"
    db.execute(f"CREATE TABLE practice AS SELECT * FROM read_csv('{folder}/practices.csv', header = true, all_varchar = true)")
    yield "virtual-ward-occupancy", by_day_and_month(
        "ward_day", "ward, area, pathway", ["patients", "beds"], "has_come AND (patients > 0 OR beds IS NOT NULL)")
    yield "virtual-ward-occupied-time", by_day_and_month(
        "ward_day", "ward, area, pathway", ["occupied", "available"], "is_over")
    admitted = f"""(SELECT e.*, p.icb, p.lcp, p.pcn, {local_day('since')} AS day, 1 AS one
                    FROM episode e LEFT JOIN practice p USING (practice) WHERE since <= {limit})"""
    yield "virtual-ward-admissions", by_day_and_month(
        admitted, "icb, lcp, pcn, ward, pathway, route",
        ["one", "0", "CASE WHEN tech_enabled THEN 1 ELSE 0 END"], "true")
    yield "virtual-ward-stay-nights", f"""
        WITH closed AS (
          SELECT e.provider, p.icb, p.lcp, p.pcn, ward, pathway, route,
                 strftime({local_day('until')}, 'month:%Y-%m') AS period, {local_day('until')} - {local_day('since')} AS nights
          FROM episode e LEFT JOIN practice p USING (practice) WHERE until <= {limit}
        ), finest AS (
          SELECT provider, icb, lcp, pcn, ward, pathway, route, period, sum(nights) AS n0, count(*) AS n1,
                 count(*) FILTER (WHERE nights > 14) AS n2
          FROM closed GROUP BY ALL
        )
        SELECT provider, period, CAST(sum(n0) AS BIGINT), CAST(sum(n1) AS BIGINT), CAST(sum(n2) AS BIGINT)
        FROM finest GROUP BY ALL"""


def people_states(db, lake):
    newest(db, lake, "hospital_spell", ["pseudonym", "setting", "admitted_at", "discharged_at"])
    newest(db, lake, "ed_stay", ["pseudonym", "arrived_at", "departed_at"])
    newest(db, lake, "virtual_ward_stay", ["pseudonym", "admitted_at", "discharged_at"])
    newest(db, lake, "death", ["pseudonym", "date_of_death", "status"])
    newest(db, lake, "registration", ["pseudonym", "practice", "registered_from", "registered_to", "opted_out"])


def nights_of_people(db, today):
    """Intervals in local dates, and of each person the stretches between their ends, each in the state that comes first.

    Simulated spells have no virtual segments, and no registration lies inside another, so that neither is asked about."""
    db.execute("""
        CREATE TABLE person AS
        SELECT pseudonym, row_number() OVER () AS person FROM (
          SELECT pseudonym FROM registration GROUP BY pseudonym
          HAVING NOT arg_max(coalesce(opted_out, false), row(registered_from, subject)))""")
    db.execute("CREATE TABLE place AS SELECT practice, row_number() OVER () AS place FROM (SELECT DISTINCT practice FROM registration)")
    db.execute("""
        CREATE TABLE dead AS
        SELECT person, coalesce(min(date_of_death) FILTER (WHERE status = 'formal'), min(date_of_death)) AS died_on
        FROM death JOIN person USING (pseudonym) GROUP BY person""")

    def stays(table, begin, end, kind):
        trusted = f"greatest({local_day(f'event_time + {EXPIRY}')}, {local_day(begin)})"
        return f"""
            SELECT person, {kind} AS kind, {local_day(begin)} AS since, coalesce({local_day(end)}, {trusted}) AS until,
                   {end} IS NULL AS open FROM {table} JOIN person USING (pseudonym)"""

    db.execute(f"""
        CREATE TABLE stay AS
        {stays('hospital_spell', 'admitted_at', 'discharged_at',
               "CASE WHEN setting IN ('hospice', 'care_home_short_term') THEN 'short' ELSE 'spell' END")}
        UNION ALL {stays('ed_stay', 'arrived_at', 'departed_at', "'emergency'")}
        UNION ALL {stays('virtual_ward_stay', 'admitted_at', 'discharged_at', "'virtual'")}""")
    forever = "DATE '9999-12-31'"
    db.execute(f"""
        CREATE TABLE segment AS
        WITH stretch AS (
          SELECT person, kind, since, until, 0 AS place FROM stay
          UNION ALL SELECT person, 'unsupported', until, {forever}, 0 FROM stay WHERE open
          UNION ALL SELECT person, 'dead', died_on, {forever}, 0 FROM dead
          UNION ALL
          SELECT person, 'registered', registered_from,
                 least(coalesce(registered_to + 1, {forever}),
                       coalesce(lead(registered_from) OVER (PARTITION BY person ORDER BY registered_from, subject), {forever})),
                 place
          FROM registration JOIN person USING (pseudonym) JOIN place USING (practice) WHERE NOT coalesce(opted_out, false)
        ), change AS (
          SELECT person, since AS day, kind, 1 AS step, place FROM stretch WHERE since < until
          UNION ALL SELECT person, until, kind, -1, place FROM stretch WHERE since < until
        ), changed AS (
          SELECT person, day,
                 sum(step) FILTER (WHERE kind = 'registered') AS registered, sum(step * place) AS place,
                 sum(step) FILTER (WHERE kind = 'dead') AS dead,
                 sum(step) FILTER (WHERE kind IN ('spell', 'emergency')) AS hospital,
                 sum(step) FILTER (WHERE kind = 'short') AS short,
                 sum(step) FILTER (WHERE kind = 'unsupported') AS unsupported,
                 sum(step) FILTER (WHERE kind = 'virtual') AS virtual
          FROM change GROUP BY person, day
        ), standing AS (
          SELECT person, day AS since, lead(day) OVER own AS until, sum(registered) OVER own AS registered,
                 sum(place) OVER own AS place, sum(dead) OVER own AS dead, sum(hospital) OVER own AS hospital,
                 sum(short) OVER own AS short, sum(unsupported) OVER own AS unsupported, sum(virtual) OVER own AS virtual
          FROM changed WINDOW own AS (PARTITION BY person ORDER BY day)
        )
        SELECT person, CAST(place AS INTEGER) AS place, since, least(until, DATE '{today}') AS until,
               CASE WHEN dead > 0 THEN 'dead' WHEN hospital > 0 THEN 'hospital' WHEN short > 0 THEN 'short'
                    WHEN unsupported > 0 THEN 'unsupported' WHEN virtual > 0 THEN 'virtual' ELSE 'home' END AS state
        FROM standing WHERE registered > 0 AND since < DATE '{today}'""")


def months_of_people(db, first_day, today):
    """A row a person, list and month, a year at a time: of ten years at once memory would hold a hundred million."""
    db.execute("""
        CREATE TABLE month_figure (place INTEGER, month DATE, x HUGEINT, y HUGEINT, hospital HUGEINT, people BIGINT,
                                   home HUGEINT, xx HUGEINT, xy HUGEINT, yy HUGEINT)""")
    years = db.execute(f"SELECT unnest(generate_series(year(DATE '{first_day}'), year(DATE '{today}')))").fetchall()
    for (year,) in years:
        db.execute(f"""
            INSERT INTO month_figure
            WITH inside AS (
              SELECT person, place, state, greatest(since, DATE '{year}-01-01', DATE '{first_day}') AS since,
                     least(until, DATE '{year + 1}-01-01') AS until
              FROM segment
              WHERE since < DATE '{year + 1}-01-01' AND until > greatest(DATE '{year}-01-01', DATE '{first_day}')
                AND state IN ('hospital', 'short', 'virtual', 'home')
            ), night AS (
              SELECT person, place, state, CAST(month AS DATE) AS month,
                     least(until, CAST(month + INTERVAL 1 MONTH AS DATE)) - greatest(since, CAST(month AS DATE)) AS nights
              FROM (SELECT *, unnest(generate_series(date_trunc('month', since), until - 1, INTERVAL 1 MONTH)) AS month
                    FROM inside)
            ), each AS (
              SELECT person, place, month, coalesce(sum(nights) FILTER (WHERE state IN ('home', 'virtual')), 0) AS home,
                     coalesce(sum(nights) FILTER (WHERE state = 'home'), 0) AS own_home,
                     coalesce(sum(nights) FILTER (WHERE state = 'hospital'), 0) AS hospital, sum(nights) AS y
              FROM night GROUP BY person, place, month
            )
            SELECT place, month, sum(365 * home), sum(y), sum(hospital), count(*), sum(own_home),
                   sum(365 * home * 365 * home), sum(365 * home * y), sum(y * y)
            FROM each GROUP BY place, month""")


def people_figures(db, first_day, today):
    yield "days-at-home", """
        SELECT practice, strftime(month, 'month:%Y-%m'), x, y, people, home, xx, xy, yy
        FROM month_figure JOIN place USING (place)"""
    yield "nights-in-hospital", """
        SELECT practice, strftime(month, 'month:%Y-%m'), 1000 * hospital, y FROM month_figure JOIN place USING (place)"""
    yield "beds-occupied-at-midnight", f"""
        SELECT practice, strftime(day, 'day:%Y-%m-%d'), count(*), 0, count(*) FILTER (WHERE state = 'short')
        FROM (SELECT place, state, unnest(generate_series(greatest(since, DATE '{first_day}'), until - 1, INTERVAL 1 DAY)) AS day
              FROM segment WHERE state IN ('hospital', 'short') AND until > DATE '{first_day}')
        JOIN place USING (place) GROUP BY ALL"""
    db.execute(f"""
        CREATE TABLE member AS
        WITH spell AS (
          SELECT *, max(until) OVER (PARTITION BY person ORDER BY since, until
                                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
          FROM stay WHERE kind = 'spell' AND since < until
        ), island AS (
          SELECT *, sum(CASE WHEN reached >= since THEN 0 ELSE 1 END) OVER (PARTITION BY person ORDER BY since, until) AS number
          FROM spell
        ), discharge AS (
          SELECT person, max(until) AS day FROM island GROUP BY person, number
          HAVING max(until) = max(until) FILTER (WHERE NOT open)
        )
        SELECT d.person, s.place, d.day, dead.died_on
        FROM discharge d JOIN segment s ON s.person = d.person AND s.since <= d.day AND d.day < s.until AND s.state <> 'dead'
        LEFT JOIN dead ON dead.person = d.person
        WHERE d.day >= DATE '{first_day}'""")
    for nights in (30, 90, 365):
        yield f"days-at-home-after-discharge-{nights}", f"""
            WITH followed AS (
              SELECT m.person, m.place, m.day,
                     any_value(CASE WHEN died_on < m.day + {nights} THEN m.day + {nights} - died_on ELSE 0 END) AS dead,
                     coalesce(sum(least(s.until, m.day + {nights}) - greatest(s.since, m.day))
                       FILTER (WHERE s.state IN ('home', 'virtual')), 0) AS home,
                     coalesce(sum(least(s.until, m.day + {nights}) - greatest(s.since, m.day))
                       FILTER (WHERE s.state IN ('hospital', 'short')), 0) AS away
              FROM member m JOIN segment s ON s.person = m.person AND s.since < m.day + {nights} AND s.until > m.day
              WHERE m.day + {nights} <= DATE '{today}'
              GROUP BY m.person, m.place, m.day
            )
            SELECT practice, strftime(day, 'month:%Y-%m'), CAST(sum(home) AS BIGINT), count(*), count(*) FILTER (WHERE dead > 0)
            FROM followed JOIN place USING (place) WHERE home + away + dead = {nights} GROUP BY ALL"""


def main(question, folder, answer, threads, first_day, as_of):
    began, stages = time.monotonic(), {}
    db = duckdb.connect(config={"threads": threads, "temp_directory": f"{folder}/duckdb-spill"})
    db.execute(CLOCKS)
    lake, today, figures = f"{folder}/lake", None, []

    def stage(name, work):
        before = cpu_seconds()
        outcome = work()
        stages[name] = round(cpu_seconds() - before, 2)
        return outcome

    if question == "wards":
        stage("newest", lambda: ward_states(db, lake))
        stage("merge", lambda: merge_stays(db, as_of))
        stage("days", lambda: (calendar(db, first_day, as_of), ward_days(db, as_of)))
        asked = ward_figures(db, folder, as_of)
    else:
        today = as_of[:10]
        stage("newest", lambda: people_states(db, lake))
        stage("nights", lambda: nights_of_people(db, today))
        stage("months", lambda: months_of_people(db, first_day, today))
        asked = people_figures(db, first_day, today)

    def ask():
        for name, query in asked:
            figures.extend((name, *row) for row in db.execute(query).fetchall())

    stage("figures", ask)
    seconds, cpu = time.monotonic() - began, cpu_seconds()
    with open(answer, "w", encoding="utf-8") as file:
        # What nothing was counted for is absent.
        file.writelines(",".join(map(str, figure)) + "\n" for figure in figures if any(figure[3:]))
    print(json.dumps({
        "seconds": seconds, "cpu_seconds": cpu, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "stages": stages, "cells": len(figures), "version": duckdb.__version__,
    }))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5], sys.argv[6])
