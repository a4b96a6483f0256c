-- What must be refused, in the simple and in the extended protocol, with a PostgreSQL state that says so, on a
-- connection that works on afterwards; and nothing may have happened.
-- Directives as in answered.sql; {folder} is an empty folder that must stay empty.

-- Definitions
--@ probe create table
CREATE TABLE mine (a int)
--@ probe create table in a schema of ours
CREATE TABLE outcomes.mine (a int)
--@ probe create temporary table
CREATE TEMPORARY TABLE mine (a int)
--@ probe create table as
CREATE TABLE mine AS SELECT * FROM outcomes.figures
--@ probe select into
SELECT * INTO mine FROM outcomes.figures
--@ probe create view
CREATE VIEW outcomes.mine AS SELECT 1
--@ probe replace view
CREATE OR REPLACE VIEW outcomes.figures AS SELECT 1
--@ probe create schema
CREATE SCHEMA mine
--@ probe create database
CREATE DATABASE mine
--@ probe create index
CREATE INDEX mine ON outcomes.figures (area)
--@ probe create function
CREATE FUNCTION mine(a int) RETURNS int LANGUAGE sql AS 'SELECT $1'
--@ probe create function of DataFusion
CREATE FUNCTION mine(DOUBLE) RETURNS DOUBLE RETURN $1 + 1
--@ probe create extension
CREATE EXTENSION dblink
--@ probe drop view
DROP VIEW outcomes.figures
--@ probe drop in disguise
/* a report */ DrOp /**/ TABLE IF EXISTS outcomes.figures
--@ probe drop schema
DROP SCHEMA outcomes CASCADE
--@ probe alter
ALTER TABLE outcomes.figures RENAME TO others
--@ probe truncate
TRUNCATE outcomes.figures
--@ probe comment
COMMENT ON VIEW outcomes.figures IS 'mine'

-- Writes
--@ probe insert
INSERT INTO outcomes.figures (area) VALUES ('X')
--@ probe insert from select
INSERT INTO meta.definitions SELECT * FROM meta.definitions
--@ probe insert behind a common table expression
WITH a AS (SELECT * FROM outcomes.figures) INSERT INTO outcomes.figures SELECT * FROM a
--@ probe update
UPDATE outcomes.figures SET numerator = 0
--@ probe delete
DELETE FROM outcomes.figures
--@ probe delete inside a common table expression
WITH a AS (DELETE FROM outcomes.figures RETURNING *) SELECT * FROM a
--@ probe merge
MERGE INTO outcomes.figures f USING outcomes.figures g ON f.area = g.area WHEN MATCHED THEN DELETE
--@ probe explain that would run a write
EXPLAIN ANALYZE DELETE FROM outcomes.figures
--@ probe a write after a read
--@ simple
SELECT 1; DELETE FROM outcomes.figures
--@ probe a write behind a comment
--@ simple
SELECT 1 -- harmless
; DROP VIEW outcomes.figures
--@ probe rows locked for a write
SELECT * FROM outcomes.figures FOR UPDATE

-- Files and the world outside
--@ probe copy out
COPY outcomes.figures TO STDOUT
--@ probe copy a query out
COPY (SELECT * FROM outcomes.figures) TO STDOUT WITH (FORMAT csv)
--@ probe copy to a file
COPY outcomes.figures TO '{folder}/figures.csv'
--@ probe copy to a file as DataFusion writes it
COPY (SELECT * FROM outcomes.figures) TO '{folder}/figures.parquet' STORED AS PARQUET
--@ probe copy to a program
COPY outcomes.figures TO PROGRAM 'touch {folder}/ran'
--@ probe copy from a file
COPY outcomes.figures FROM '/etc/passwd'
--@ probe copy in
COPY outcomes.figures FROM STDIN
--@ probe external table
CREATE EXTERNAL TABLE passwd STORED AS CSV LOCATION '/etc/passwd'
--@ probe external table for writing
CREATE EXTERNAL TABLE mine (a int) STORED AS CSV LOCATION '{folder}/'
--@ probe a file as a table
SELECT * FROM '/etc/passwd'
--@ probe a file as a quoted table
SELECT * FROM "/etc/passwd"
--@ probe a file by function
SELECT * FROM read_csv('/etc/passwd')
--@ probe a Parquet file by function
SELECT * FROM read_parquet('{folder}/x.parquet')
--@ probe a server file
SELECT pg_read_file('/etc/passwd')
--@ probe a server folder
SELECT pg_ls_dir('/')
--@ probe a large object
SELECT lo_import('/etc/passwd')
--@ probe another server
SELECT * FROM dblink('host=127.0.0.1', 'SELECT 1') AS t(a int)
--@ probe load a library
LOAD 'auto_explain'

-- Loops without end, code, time
--@ probe recursion
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r
--@ probe recursion with a bound
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r
--@ probe recursion inside
SELECT * FROM (WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r) AS x LIMIT 1
--@ probe anonymous code
DO $$ BEGIN PERFORM 1; END $$
--@ probe call
CALL something()
--@ probe sleep
SELECT pg_sleep(3600)
--@ probe prepared write
PREPARE mine AS DELETE FROM outcomes.figures
--@ probe prepared in SQL and run
--@ simple
PREPARE mine AS INSERT INTO outcomes.figures (area) VALUES ('X'); EXECUTE mine

-- Settings that matter
--@ probe settings of the engine
SET datafusion.execution.batch_size = 1
--@ probe memory of the engine
SET datafusion.runtime.memory_limit = '100G'
--@ probe a setting by function
SELECT set_config('datafusion.execution.batch_size', '1', false)
--@ probe another role
SET ROLE postgres
--@ probe another identity
SET SESSION AUTHORIZATION postgres
--@ probe system setting
ALTER SYSTEM SET work_mem = '1TB'
--@ probe memory of PostgreSQL
SET work_mem = '100GB'
--@ probe an unknown setting
SET no_such_setting = 'x'
--@ probe a timeout that is no time
SET statement_timeout = 'tomorrow'
--@ probe default of the role
ALTER ROLE CURRENT_USER SET search_path = pg_catalog

-- Rights, others' sessions, the server
--@ probe grant
GRANT ALL ON outcomes.figures TO PUBLIC
--@ probe revoke
REVOKE ALL ON outcomes.figures FROM PUBLIC
--@ probe create role
CREATE ROLE mine LOGIN PASSWORD 'x'
--@ probe passwords
SELECT rolname, rolpassword FROM pg_authid
--@ probe passwords of users
SELECT usename, passwd FROM pg_shadow
--@ probe end another session
SELECT pg_terminate_backend(1)
--@ probe stop another query
SELECT pg_cancel_backend(1)
--@ probe reload
SELECT pg_reload_conf()
--@ probe lock
LOCK TABLE outcomes.figures IN ACCESS EXCLUSIVE MODE
--@ probe vacuum
VACUUM
--@ probe analyse
ANALYZE outcomes.figures
--@ probe checkpoint
CHECKPOINT
--@ probe listen
LISTEN figures
--@ probe notify
NOTIFY figures, 'x'

-- Not there at all
--@ probe a figure's rows
SELECT * FROM facts.ucr_event
--@ probe the lake
SELECT * FROM lake.ucr_event
--@ probe quarantine
SELECT * FROM quarantine
--@ probe an unknown column
SELECT nhs_number FROM outcomes.figures
