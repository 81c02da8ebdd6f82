-- Rendered from src/deploy/compose/roles.ts and the services' declarations: change those. PostgreSQL runs it once, when
-- its data folder is made.

\set ON_ERROR_STOP on
revoke all on database astronomy_db from public;
revoke all on schema public from public;
grant usage on schema public to public;
create extension pg_trgm with schema public;

\getenv password ACCOUNTING_DB_PASSWORD
create role accounting login password :'password';
grant connect, temporary on database astronomy_db to accounting;
create schema accounting authorization accounting;

\getenv password CHECKOUT_DB_PASSWORD
create role checkout login password :'password';
grant connect, temporary on database astronomy_db to checkout;
create schema checkout authorization checkout;

\getenv password EMAIL_DB_PASSWORD
create role email login password :'password';
grant connect, temporary on database astronomy_db to email;
create schema email authorization email;

\getenv password FRAUD_DETECTION_DB_PASSWORD
create role fraud_detection login password :'password';
grant connect, temporary on database astronomy_db to fraud_detection;
create schema fraud_detection authorization fraud_detection;

\getenv password PAYMENT_DB_PASSWORD
create role payment login password :'password';
grant connect, temporary on database astronomy_db to payment;
create schema payment authorization payment;

\getenv password CATALOG_DB_PASSWORD
create role catalog login password :'password';
grant connect, temporary on database astronomy_db to catalog;
create schema catalog authorization catalog;

\getenv password POSTGRES_MONITORING_PASSWORD
create role monitoring_user login password :'password' connection limit 10;
grant connect on database astronomy_db to monitoring_user;
grant pg_monitor to monitoring_user;
