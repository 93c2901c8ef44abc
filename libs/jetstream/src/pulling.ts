/**
 * How a consumer's messages are asked for. A server that leads a consumer and is lost takes the requests that wait
 * there along, and says nothing: two heartbeats that stay out are how we know. `expires` is also how long, about, the
 * client (nats 2.29.3) rests when it then finds no leader yet, so the 30 s that it takes by itself were too long.
 */
export const pulling = { expires: 3_000, idle_heartbeat: 1_000 } as const;
