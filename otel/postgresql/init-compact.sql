-- Rendered from src/deploy/compose/roles.ts and the services' declarations: change those. PostgreSQL runs it once, when
-- its data folder is made.

\set ON_ERROR_STOP on
revoke all on database astronomy_db from public;
revoke all on schema public from public;
grant usage on schema public to public;
create extension pg_trgm with schema public;

\getenv password SHOP_DB_PASSWORD
create role shop login password :'password';
grant connect, temporary on database astronomy_db to shop;
create schema accounting authorization shop;
create schema cart authorization shop;
create schema checkout authorization shop;
create schema email authorization shop;
create schema fraud_detection authorization shop;
create schema payment authorization shop;
create schema catalog authorization shop;
create schema events authorization shop;

\getenv password POSTGRES_MONITORING_PASSWORD
create role monitoring_user login password :'password' connection limit 10;
grant connect on database astronomy_db to monitoring_user;
grant pg_monitor to monitoring_user;
