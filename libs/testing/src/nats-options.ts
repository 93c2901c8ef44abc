/** What the NATS client wants to be told of an address, where a test speaks to NATS without our own room for it. */
export const natsOptions = (natsUrl: string) => {
  const { host, username, password } = new URL(natsUrl);
  return { servers: host, ...(username ? { user: username, pass: password } : {}) };
};
