/** What the NATS client wants to be told of an address, or of several with a comma between, where a test speaks to NATS without our own room for it. */
export const natsOptions = (natsUrl: string) => {
  const [first = natsUrl, ...others] = natsUrl.split(',');
  const { host, username, password } = new URL(first);
  const servers = [host, ...others.map((url) => new URL(url).host)];
  return { servers, ...(username ? { user: username, pass: password } : {}) };
};
