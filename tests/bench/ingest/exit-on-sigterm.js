// @ts-check

// Only for profiles: Node writes one when the process exits, and none when a signal ends it.
process.on('SIGTERM', () => process.exit(0));
