#!/bin/sh
# Redis reads no environment variables, so this puts the password where redis.conf looks for it: hashed, and in
# memory only. One user, with our keys and without the commands that administer the server; INFO is what
# clients ask to know when it is ready.
set -eu
umask 077

hash=$(printf %s "$REDIS_PASSWORD" | sha256sum | cut -d ' ' -f 1)
cat > /tmp/users.acl <<ACL
user default off
user tallystream on #$hash ~stock:* ~stock-cache:* ~zoho:* ~$NAMESPACE:* &* +@all -@admin -@dangerous +info
ACL
exec redis-server "${1:-/etc/redis/redis.conf}"
