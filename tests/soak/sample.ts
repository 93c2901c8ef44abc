/** What was seen after a slice of time. */
export type Sample = Readonly<{
  /** Since the first webhook. */
  minute: number;
  /** 99th percentile from the scheduled time to the answer, in ms. */
  answered: number;
  /** Mean time from the inbox to the effect in the store that takes longest, in ms. */
  visible: number;
  /** What the process holds of the machine's memory, in MiB, … */
  resident: number;
  /** … of which are objects of JavaScript, in use or not collected yet. */
  heap: number;
  handles: number;
  /** On NATS: durable ones, and those that pass. */
  consumers: number;
  /** Of the process, to NATS, Postgres and Redis and from clients. */
  connections: number;
  /** Webhooks that wait, or are in hand. */
  backlog: number;
  /** Busy with the process, since the look before; and with everything on the machine. */
  cores: number;
  machineCores: number;
  /** What nats-server holds, in MiB. */
  natsResident: number;
}>;

export type Series = Exclude<keyof Sample, 'minute'>;
