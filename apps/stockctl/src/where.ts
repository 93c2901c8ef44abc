import { InvalidArgumentError } from 'commander';

/** Which Tallystream is asked, and with which key. */
export type Where = Readonly<{ url: string; key: string | undefined }>;
export type Environment = Readonly<Record<string, string | undefined>>;

const LOCAL = 'http://127.0.0.1:3000';

/**
 * A key belongs to an address: that of the system that runs here (API_KEY) is never sent anywhere else.
 * @param given what --url says
 * @throws InvalidArgumentError
 */
export const whereFrom = (env: Environment, given?: string): Where => {
  const remote = given || env.STOCKCTL_URL;
  return remote
    ? { url: address(remote), key: env.STOCKCTL_API_KEY || undefined }
    : { url: address(env.TALLY_URL || LOCAL), key: env.STOCKCTL_API_KEY || env.API_KEY || undefined };
};

/** Whether what is sent there, the key above all, can be read on the way. A bare name is a neighbour's. */
export const isReadableOnTheWay = (url: string): boolean => {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !/^([^.:[\]]+|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
};

const address = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new InvalidArgumentError(`${text} is no address such as https://tally.example.com`);
  if (url.username || url.password || url.search)
    throw new InvalidArgumentError('The address must hold no key: set STOCKCTL_API_KEY');
  return `${url.origin}${url.pathname.replace(/\/(api\/?)?$/, '')}`;
};
