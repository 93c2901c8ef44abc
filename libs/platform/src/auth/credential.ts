import type { Request } from 'express';

/** How the keys that we make begin; docs/access.md. */
export const KEY_PREFIX = 'tally_';

/** The key or token that a request carries where keys belong. */
export const credentialOf = (request: Request): string | undefined =>
  /^Bearer (\S+)$/i.exec(request.get('authorization') ?? '')?.[1] ?? request.get('x-api-key');

/** Names of parameters by which keys are sent to other services. */
const KEY_PARAMETER = /[?&](api[_-]?key|x-api-key|key|(access[_-]?)?token|auth(orization)?)=/i;
const KEY_OF_OURS = new RegExp(`${KEY_PREFIX}[\\w-]{16,}`);

/** What is in a URL is in the logs of every proxy on the way, so a key there is no secret any more. */
export const hasKeyInUrl = (url: string): boolean => KEY_PARAMETER.test(url) || KEY_OF_OURS.test(url);

/** A path as it may be logged. */
export const withoutKeys = (path: string): string =>
  path.replace(new RegExp(KEY_OF_OURS, 'g'), `${KEY_PREFIX}…`);
