import { roles } from '@tallystream/platform';
import { z } from 'zod';

/** An operation of the OpenAPI document. */
export type Route = Readonly<{ method: string; path: string; role: string | undefined }>;

const documentSchema = z.object({
  paths: z.record(
    z.string(),
    z.record(z.string(), z.looseObject({ 'x-required-role': z.string().optional() })),
  ),
});

/** Every route that the running system says it has. */
export const routesOf = async (url: string): Promise<readonly Route[]> => {
  const document = documentSchema.parse(await (await fetch(`${url}/docs/openapi.json`)).json());
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      role: operation['x-required-role'],
    })),
  );
};

export const isRole = (role: string | undefined): role is (typeof roles)[number] =>
  roles.some((known) => known === role);

/**
 * Asks a route for something that it cannot do: what matters is whether it lets us that far.
 * @returns the status, and the code of the problem, if it is one
 */
export const knock = async (
  url: string,
  { method, path }: Route,
  key: string,
): Promise<Readonly<{ status: number; code?: string }>> => {
  const ending = new AbortController();
  const response = await fetch(`${url}${path.replace(/\{\w+\}/g, 'x')}?no-such-parameter=1`, {
    method,
    headers: key === '' ? {} : { authorization: `Bearer ${key}` },
    signal: ending.signal,
  });
  const isProblem = response.headers.get('content-type')?.includes('problem+json') === true;
  const code: unknown = isProblem ? JSON.parse(await response.text()).code : undefined;
  // It may be a stream that never ends.
  ending.abort();
  return { status: response.status, ...(typeof code === 'string' ? { code } : {}) };
};
