/**
 * How a consumer's messages are asked for. A server that leads a consumer and is lost, or cannot be reached from the
 * one that we are connected to, takes the requests that wait there along, and says nothing: heartbeats that stay out
 * are how we know. Then they are asked for again at once (`bind`): the client (nats 2.29.3) would first ask how the
 * consumer is, wait five seconds for an answer that nobody gives, and then rest for as long as a request is good. A
 * consumer that is gone shows all the same: nobody takes the request.
 */
export const pulling = { expires: 5_000, idle_heartbeat: 1_000, bind: true } as const;
