#!/bin/sh
# Names carry the namespace, so it is put where users.conf wants it. Passwords come from the environment.
set -eu
umask 077

from="${1:-/etc/nats}"
to="${2:-/tmp}"
prefix="$NAMESPACE."
if [ "$NAMESPACE" = tally ]; then prefix=; fi

sed -e "s/@NAMESPACE@/$NAMESPACE/g" -e "s/@PREFIX@/$prefix/g" "$from/users.conf" > "$to/users.conf"
cp "$from/nats.conf" "$to/nats.conf"
exec nats-server --config "$to/nats.conf"
