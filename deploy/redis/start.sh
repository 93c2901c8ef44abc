#!/bin/sh
# Redis reads no environment variables, so this puts the users where redis.conf looks for them, with their passwords
# hashed, and in memory only.
set -eu
umask 077

hash() {
  printf %s "$1" | sha256sum | cut -d ' ' -f 1
}

prefix="$NAMESPACE:"
if [ "$NAMESPACE" = tally ]; then prefix=; fi

sed -e '/^#/d' -e "s/@PREFIX@/$prefix/g" \
  -e "s/@STOCK_CACHE@/$(hash "$STOCK_CACHE_PASSWORD")/" \
  -e "s/@RECONCILER@/$(hash "$RECONCILER_PASSWORD")/" \
  -e "s/@OPERATIONS@/$(hash "$OPERATIONS_PASSWORD")/" \
  -e "s/@BALANCES@/$(hash "$BALANCES_PASSWORD")/" \
  -e "s/@AUDIT_TRAIL@/$(hash "$AUDIT_TRAIL_PASSWORD")/" \
  "${2:-/etc/redis/users.acl}" > "${3:-/tmp/users.acl}"
exec redis-server "${1:-/etc/redis/redis.conf}"
