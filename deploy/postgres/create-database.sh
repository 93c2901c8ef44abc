#!/bin/sh
# Run once, by the image, when the data directory is new. The apps are not the superuser: they own their
# database and nothing else. Tables come from the apps' own migrations.
set -e

# The password travels by the environment: arguments show in the list of processes.
psql --username "${POSTGRES_USER:-postgres}" --no-psqlrc --quiet -v ON_ERROR_STOP=1 <<'SQL'
\getenv password DATABASE_PASSWORD
CREATE ROLE tallystream LOGIN PASSWORD :'password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE DATABASE tallystream OWNER tallystream;
REVOKE ALL ON DATABASE tallystream FROM PUBLIC;
SQL
