-- What clients send on their own account, which must be answered in the simple and in the extended protocol.
-- Shapes are those of the tools named; words are ours. Directives of a probe, each on a line that begins with --@:
--   probe NAME          begins a probe; its statement follows
--   rows N | rows N+    so many rows, or at least so many
--   first TEXT          text of the first cell of the first row
--   bind TEXT           a parameter as text; in the simple protocol it is written into the statement
--   simple              only in the simple protocol (several statements at once cannot be prepared)
-- Not told here, because the tools themselves are run in these tests: psql, psycopg, SQLAlchemy, asyncpg, pgjdbc, psqlODBC.

-- Grafana and Go's drivers -------------------------------------------------------------------------------------------

--@ probe go pgx ping
--@ rows 0
-- ping

--@ probe go lib/pq ping
--@ rows 0
;

--@ probe empty
--@ rows 0


--@ probe grafana version
--@ rows 1
SELECT current_setting('server_version_num')::int/100 AS version

--@ probe grafana timescale
--@ rows 0
SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'

--@ probe grafana schemas
--@ rows 2
SELECT schema_name AS "name" FROM information_schema.schemata
WHERE schema_name NOT IN ('information_schema', 'pg_catalog', 'pg_toast', '_timescaledb_config') ORDER BY schema_name

--@ probe grafana tables of a schema
--@ rows 4+
--@ bind outcomes
SELECT quote_ident(table_name) AS "table" FROM information_schema.tables
WHERE quote_ident(table_schema) = $1 ORDER BY 1

--@ probe grafana tables on the search path
--@ rows 8+
SELECT CASE WHEN quote_ident(table_schema) IN (
    SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
    FROM generate_series(
        array_lower(string_to_array(current_setting('search_path'), ','), 1),
        array_upper(string_to_array(current_setting('search_path'), ','), 1)) AS i,
      string_to_array(current_setting('search_path'), ',') s)
  THEN quote_ident(table_name)
  ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) END AS "table"
FROM information_schema.tables
WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog') ORDER BY 1

--@ probe grafana columns of a table
--@ rows 20+
SELECT quote_ident(column_name) AS "column", data_type AS "type" FROM information_schema.columns
WHERE CASE WHEN array_length(parse_ident('outcomes.figures'), 1) = 2
  THEN quote_ident(table_schema) = (parse_ident('outcomes.figures'))[1]
    AND quote_ident(table_name) = (parse_ident('outcomes.figures'))[2]
  ELSE quote_ident(table_name) = 'outcomes.figures' END

--@ probe grafana columns with parameters
--@ rows 1
--@ first bigint
--@ bind outcomes
--@ bind figures
--@ bind numerator
SELECT data_type FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2 AND column_name = $3

--@ probe grafana variable of areas
--@ rows 1+
SELECT DISTINCT area AS __value, area_name AS __text FROM outcomes.figures WHERE level = 'provider' ORDER BY 2

-- Macros after expansion: $__timeFilter, $__time, $__timeEpoch, $__timeGroup, $__timeGroupAlias, $__unixEpochFilter ...

--@ probe grafana timeFilter
--@ rows 1+
SELECT period_start AS "time", numerator, denominator FROM outcomes.ucr_two_hour_response
WHERE period_start BETWEEN '2025-04-01T00:00:00Z' AND '2099-06-12T14:00:00.123456789Z' AND level = 'provider' ORDER BY 1

--@ probe grafana timeFrom and timeTo
--@ rows 1+
SELECT count(*) FROM outcomes.figures
WHERE period_end > '2025-04-01T00:00:00Z' AND period_start < '2099-06-12T14:00:00Z'

--@ probe grafana timeGroup
--@ rows 1+
SELECT floor(extract(epoch from period_start)/86400)*86400 AS "time", area AS metric,
  sum(numerator)::float8 / nullif(sum(denominator), 0) AS "share"
FROM outcomes.ucr_two_hour_response
WHERE period_start BETWEEN '2025-04-01T00:00:00Z' AND '2099-06-12T14:00:00Z' AND period_kind = 'day' AND level = 'provider'
GROUP BY floor(extract(epoch from period_start)/86400)*86400, area ORDER BY 1, 2

--@ probe grafana timeGroup by position
--@ rows 1+
SELECT floor(extract(epoch from period_start)/300)*300 AS "time", sum(denominator) AS decided
FROM outcomes.ucr_two_hour_response WHERE period_kind = 'day' GROUP BY 1 ORDER BY 1

--@ probe grafana timeGroup over parts of an hour
--@ rows 1+
SELECT floor(extract(epoch from period_start)/0.5)*0.5 AS "time", count(*) FROM outcomes.figures GROUP BY 1 ORDER BY 1 LIMIT 3

--@ probe grafana timeEpoch
--@ rows 1+
SELECT extract(epoch from as_of) as "time", value FROM outcomes.figures LIMIT 1

--@ probe grafana unixEpochFilter
--@ rows 1+
SELECT floor((at)/3600)*3600 AS "time", count(*) FROM (SELECT extract(epoch from period_start) AS at FROM outcomes.figures) AS f
WHERE at >= 1743462000 AND at <= 4000000000 GROUP BY 1 ORDER BY 1

--@ probe grafana unixEpochNanoFilter
--@ rows 1
SELECT count(*) FROM (SELECT (extract(epoch from period_start) * 1000000000)::bigint AS at FROM outcomes.figures) AS f
WHERE at >= 1743462000000000000 AND at <= 1749736800000000000

--@ probe grafana alert: last value
--@ rows 1+
SELECT now() AS time, area AS metric, value FROM outcomes.ucr_two_hour_response
WHERE basis = 'live' AND level = 'provider' AND period = '28d'

--@ probe several statements at once
--@ simple
--@ rows 3
SELECT 1; SELECT 2; SELECT 3;

--@ probe several statements with a setting and a transaction
--@ simple
--@ rows 1
BEGIN; SET LOCAL TIME ZONE 'Europe/London'; SELECT count(*) FROM outcomes.figures; COMMIT

-- Transactions and resets --------------------------------------------------------------------------------------------

--@ probe begin
BEGIN
--@ probe savepoint
SAVEPOINT here
--@ probe rollback to savepoint
ROLLBACK TO SAVEPOINT here
--@ probe release savepoint
RELEASE SAVEPOINT here
--@ probe commit
COMMIT
--@ probe begin read only
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY
--@ probe rollback
ROLLBACK
--@ probe start transaction
START TRANSACTION READ ONLY
--@ probe end
END
--@ probe discard
DISCARD ALL
--@ probe asyncpg and npgsql reset
--@ simple
SELECT pg_advisory_unlock_all(); CLOSE ALL; UNLISTEN *; RESET ALL;
--@ probe reset
RESET ALL
--@ probe deallocate
DEALLOCATE ALL

-- Settings that do not matter ----------------------------------------------------------------------------------------

--@ probe application name
SET application_name = 'a notebook'
--@ probe application name comes back
--@ first a notebook
SHOW application_name
--@ probe digits
SET extra_float_digits = 3
--@ probe zone
SET TIME ZONE 'Europe/London'
--@ probe zone comes back
--@ first Europe/London
SHOW timezone
--@ probe zone as RPostgres sets it
SET TIMEZONE = 'UTC'
--@ probe encoding
SET client_encoding = 'UTF8'
--@ probe encoding comes back
--@ first UTF8
SHOW client_encoding
--@ probe strings
SET standard_conforming_strings = on
--@ probe messages
SET client_min_messages TO warning
--@ probe dates
SET datestyle = 'ISO, MDY'
--@ probe intervals
SET intervalstyle = 'postgres'
--@ probe path
SET search_path TO outcomes, meta
--@ probe path works
--@ rows 1
SELECT count(*) FROM figures
--@ probe a shorter timeout
SET statement_timeout = '2s'
--@ probe and back
RESET statement_timeout
--@ probe isolation
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED
--@ probe isolation comes back
--@ rows 1
SHOW TRANSACTION ISOLATION LEVEL
--@ probe isolation by name
--@ rows 1
SHOW default_transaction_isolation
--@ probe read only
SET default_transaction_read_only = on
--@ probe version as a setting
--@ rows 1
SHOW server_version

-- Who, where, which ---------------------------------------------------------------------------------------------------

--@ probe version
--@ rows 1
SELECT version()
--@ probe identity
--@ rows 1
SELECT current_database(), current_schema(), current_user, session_user
--@ probe one schema on the path is ours
--@ first outcomes
SELECT current_schema()
--@ probe pid
--@ rows 1
SELECT pg_backend_pid()
--@ probe recovery
--@ rows 1
SELECT pg_is_in_recovery()
--@ probe encoding of the database
--@ rows 1
--@ first UTF8
SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()

-- Power BI and other clients of Npgsql -------------------------------------------------------------------------------

--@ probe npgsql types
--@ rows 10+
SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid
FROM (SELECT typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typnotnull,
        CASE WHEN typ.typtype = 'b' AND typ.typelem <> 0 THEN typ.typelem END AS elemtypoid
      FROM pg_type AS typ
      LEFT JOIN pg_class AS cls ON cls.oid = typ.typrelid
      LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive
      LEFT JOIN pg_range AS rng ON rng.rngtypid = typ.oid) AS t
JOIN pg_namespace AS ns ON ns.oid = t.typnamespace
WHERE t.typtype IN ('b', 'r', 'm', 'e', 'd') ORDER BY CASE WHEN t.typtype = 'b' THEN 0 ELSE 1 END, t.oid
--@ probe npgsql composites
SELECT typ.oid, att.attname, att.atttypid FROM pg_type AS typ
JOIN pg_namespace AS ns ON ns.oid = typ.typnamespace
JOIN pg_class AS cls ON cls.oid = typ.typrelid
JOIN pg_attribute AS att ON att.attrelid = typ.typrelid
WHERE typ.typtype = 'c' AND cls.relkind = 'c' AND att.attnum > 0 AND NOT att.attisdropped ORDER BY typ.oid, att.attnum
--@ probe npgsql enums
--@ rows 0
SELECT pg_type.oid, enumlabel FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid ORDER BY oid, enumsortorder
--@ probe power bi tables
--@ rows 8+
select TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE from INFORMATION_SCHEMA.tables
where TABLE_SCHEMA not in ('information_schema', 'pg_catalog') order by TABLE_SCHEMA, TABLE_NAME
--@ probe power bi columns
--@ rows 20+
select COLUMN_NAME, ORDINAL_POSITION, IS_NULLABLE,
  case when (data_type like '%unsigned%') then DATA_TYPE || ' unsigned' else DATA_TYPE end as DATA_TYPE
from INFORMATION_SCHEMA.columns where TABLE_SCHEMA = 'outcomes' and TABLE_NAME = 'figures'
order by TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION
--@ probe power bi keys
--@ rows 0
select i.CONSTRAINT_SCHEMA || '_' || i.CONSTRAINT_NAME as INDEX_NAME, ii.COLUMN_NAME, ii.ORDINAL_POSITION
from INFORMATION_SCHEMA.table_constraints i
inner join INFORMATION_SCHEMA.key_column_usage ii
  on i.CONSTRAINT_SCHEMA = ii.CONSTRAINT_SCHEMA and i.CONSTRAINT_NAME = ii.CONSTRAINT_NAME
where i.TABLE_SCHEMA = 'outcomes' and i.TABLE_NAME = 'figures' and i.CONSTRAINT_TYPE in ('PRIMARY KEY', 'UNIQUE')
--@ probe power bi relations
--@ rows 0
select rc.constraint_name, kcu.column_name from information_schema.referential_constraints rc
inner join information_schema.key_column_usage kcu on rc.constraint_name = kcu.constraint_name
--@ probe power bi encodings
--@ rows 1
select character_set_name from INFORMATION_SCHEMA.character_sets
--@ probe power bi preview
--@ rows 1+
select "$Table"."area" as "area", "$Table"."numerator" as "numerator", "$Table"."as_of" as "as_of"
from "outcomes"."figures" "$Table" limit 1000
--@ probe power bi folded query
--@ rows 1+
select "rows"."area" as "area", sum("rows"."numerator") as "a0", count(1) as "a1"
from (select "_"."area", "_"."numerator" from "outcomes"."figures" "_" where "_"."level" = 'provider' and "_"."level" is not null) "rows"
group by "area" order by "area" limit 1000001

-- DBeaver, DataGrip, pgAdmin, pgcli, Metabase -------------------------------------------------------------------------

--@ probe dbeaver session
--@ rows 1
SELECT current_schema(),session_user
--@ probe dbeaver path
--@ rows 1
SHOW search_path
--@ probe dbeaver databases
--@ rows 1+
SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE datallowconn AND NOT datistemplate ORDER BY db.datname
--@ probe dbeaver setting
--@ rows 1
--@ bind standard_conforming_strings
SELECT * FROM pg_catalog.pg_settings WHERE name=$1
--@ probe dbeaver schemas
--@ rows 2+
SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass
ORDER BY nspname
--@ probe dbeaver types
--@ rows 10+
SELECT t.oid,t.*,c.relkind,format_type(nullif(t.typbasetype, 0), t.typtypmod) AS base_type_name, d.description
FROM pg_catalog.pg_type t
LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid=t.typelem
LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid=t.typrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid=d.objoid
WHERE t.typname IS NOT NULL AND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C')
--@ probe dbeaver relations of a schema
--@ rows 4+
SELECT c.oid,c.*,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS partition_expr
FROM pg_catalog.pg_class c
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass
WHERE c.relnamespace=(SELECT oid FROM pg_namespace WHERE nspname='outcomes') AND c.relkind NOT IN ('i','I','c')
--@ probe dbeaver columns
--@ rows 20+
SELECT c.relname,a.*,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) AS def_value,dsc.description
FROM pg_catalog.pg_attribute a
INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid)
INNER JOIN pg_catalog.pg_namespace n ON (n.oid=c.relnamespace)
LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum)
LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid)
WHERE NOT a.attisdropped AND a.attnum > 0 AND n.nspname='outcomes' AND c.relname='figures' ORDER BY a.attnum
--@ probe dbeaver constraints
--@ rows 0
SELECT c.oid,c.*,t.relname AS tabrelname FROM pg_catalog.pg_constraint c
INNER JOIN pg_catalog.pg_class t ON t.oid=c.conrelid ORDER BY c.oid
--@ probe dbeaver sizes
--@ rows 1+
SELECT c.oid,pg_catalog.pg_total_relation_size(c.oid) AS total_rel_size,pg_catalog.pg_relation_size(c.oid) AS rel_size
FROM pg_class c LIMIT 5
--@ probe pgadmin replication
--@ rows 1
SELECT CASE WHEN (SELECT count(extname) FROM pg_catalog.pg_extension WHERE extname='bdr') > 0 THEN 'pgd'
  WHEN (SELECT count(*) FROM pg_replication_slots) > 0 THEN 'log' ELSE NULL END AS type
--@ probe pgcli schemas on the path
--@ rows 1+
SELECT * FROM unnest(current_schemas(true))
--@ probe pgcli relations
--@ rows 4+
SELECT n.nspname schema_name, c.relname table_name FROM pg_catalog.pg_class c
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = ANY('{r,p,f,v,m}') AND n.nspname = 'outcomes' ORDER BY 1,2
--@ probe pgcli functions
SELECT n.nspname schema_name, p.proname func_name FROM pg_catalog.pg_proc p
INNER JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace ORDER BY 1, 2
--@ probe metabase schemas
--@ rows 2+
SELECT nspname AS "TABLE_SCHEM", current_database() AS "TABLE_CATALOG" FROM pg_catalog.pg_namespace
WHERE nspname <> 'pg_toast' AND (nspname !~ '^pg_temp_' OR nspname = (pg_catalog.current_schemas(true))[1]) ORDER BY 1
--@ probe metabase privileges
--@ rows 1
SELECT pg_catalog.has_table_privilege(current_user, 'outcomes.figures', 'select'),
  pg_catalog.has_schema_privilege(current_user, 'outcomes', 'usage')

-- R's RPostgres --------------------------------------------------------------------------------------------------------

--@ probe rpostgres types
--@ rows 10+
SELECT oid, typname FROM pg_type
--@ probe rpostgres tables
--@ rows 4+
SELECT table_name FROM INFORMATION_SCHEMA.tables
WHERE (table_schema = ANY(current_schemas(true))) AND (table_schema <> 'pg_catalog')
--@ probe rpostgres does a table exist
--@ rows 1
--@ bind figures
--@ bind outcomes
SELECT COUNT(*) FROM INFORMATION_SCHEMA.tables WHERE table_name = $1 AND table_schema = $2
--@ probe dbplyr columns
--@ rows 0
SELECT * FROM (SELECT * FROM outcomes.figures) AS "q01" WHERE (0 = 1)
--@ probe dbplyr summary
--@ rows 1+
SELECT "level", COUNT(*) AS "n", AVG("value") AS "mean" FROM "outcomes"."figures"
WHERE ("value" IS NOT NULL) GROUP BY "level" ORDER BY "n" DESC LIMIT 10

-- What commissioners write ---------------------------------------------------------------------------------------------

--@ probe dictionary by comment
--@ rows 1
SELECT obj_description('outcomes.figures'::regclass, 'pg_class')
--@ probe dictionary of columns
--@ rows 20+
SELECT a.attname, format_type(a.atttypid, a.atttypmod), col_description(a.attrelid, a.attnum) FROM pg_attribute a
WHERE a.attrelid = 'outcomes.figures'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
--@ probe window function
--@ rows 1+
SELECT area, period, value, rank() OVER (PARTITION BY period ORDER BY value DESC NULLS LAST) AS place
FROM outcomes.ucr_two_hour_response WHERE level = 'provider' AND period_kind = 'window'
--@ probe common table expression
--@ rows 1
WITH month AS (SELECT * FROM outcomes.ucr_two_hour_response WHERE period_kind = 'month')
SELECT sum(numerator), sum(denominator) FROM month
--@ probe dates
--@ rows 1+
SELECT date_trunc('month', period_start AT TIME ZONE 'Europe/London'), to_char(as_of, 'YYYY-MM-DD'), as_of - interval '7 days'
FROM outcomes.figures LIMIT 1
--@ probe examples
--@ rows 15+
SELECT * FROM meta.example_queries
--@ probe definitions
--@ rows 3+
SELECT * FROM meta.definitions
--@ probe freshness
--@ rows 1+
SELECT * FROM meta.freshness
--@ probe revisions
SELECT * FROM meta.revisions
