#!/bin/sh
# Run by the image when the data directory is new; and by hand, any time, to give the roles their present passwords:
#   docker compose exec postgres sh /docker-entrypoint-initdb.d/create-database.sh
# Nobody here is a superuser. `tallystream` owns the database and makes the tables; each app has a role that may do
# with them what the app does, which the migrations see to (docs/access.md).
set -e

# Passwords travel by the environment: arguments show in the list of processes.
run() {
  psql --username "${POSTGRES_USER:-postgres}" --dbname postgres --no-psqlrc --quiet -v ON_ERROR_STOP=1 "$@"
}

give_role() {
  run -v role="$1" -v variable="$2" <<'SQL'
\getenv password :variable
SELECT format('CREATE ROLE %I', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" LOGIN PASSWORD :'password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
SQL
}

give_role tallystream PROVISIONER_PASSWORD
run <<'SQL'
SELECT 'CREATE DATABASE tallystream OWNER tallystream'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'tallystream') \gexec
REVOKE ALL ON DATABASE tallystream FROM PUBLIC;
SQL
for app in ingress balances stock_cache audit_trail reconciler operations; do
  give_role "tallystream_$app" "$(echo "$app" | tr a-z A-Z)_PASSWORD"
  run -v role="tallystream_$app" <<'SQL'
GRANT CONNECT ON DATABASE tallystream TO :"role";
SQL
done
