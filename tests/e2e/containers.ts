import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const root = path.join(__dirname, '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

/** As Docker would start it, but for where it is. */
export type Container = Readonly<{
  /** The program and its arguments, from the sources: bundling every app would take longer than the tests. */
  command: readonly [string, ...string[]];
  environment: Readonly<Record<string, string>>;
  /** The health check of the image, to be run with the same environment. */
  healthCheck: readonly [string, ...string[]];
}>;

export type Place = Readonly<{
  /** What is set in .env; whatever is not is as in .env.example. */
  variables: Readonly<Record<string, string>>;
  /** In the place of hosts and ports of containers, e.g. `nats:4222`. */
  addresses: Readonly<Record<string, string>>;
}>;

const words = z.tuple([z.string()], z.string());
const composeSchema = z.object({
  services: z.record(
    z.string(),
    z.object({
      entrypoint: z.array(z.string()).default([]),
      command: z.union([z.array(z.string()), z.string()]).default([]),
      environment: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
    }),
  ),
});
const compose = composeSchema.parse(parse(read('docker-compose.yml'), { merge: true }));
const dockerfile = read('Dockerfile');

/** A container of one of our apps; of a tool, as it is called without arguments. */
export const containerOf = (service: string, { variables, addresses }: Place): Container => {
  const { entrypoint = [], command = [], environment = {} } = compose.services[service] ?? {};
  const [node, ...args] = [...entrypoint, ...z.array(z.string()).parse(command)];
  if (node !== 'node') throw new Error(`${service} does not run node`);
  const known = { ...exampleVariables(), ...variables };
  const values = Object.entries(environment).map(([name, value]) => [
    name,
    replaced(interpolated(String(value), known), addresses),
  ]);
  return {
    command: [process.execPath, ...args.flatMap(fromSources)],
    environment: { ...imageEnvironment(), ...Object.fromEntries(values) },
    healthCheck: imageHealthCheck(),
  };
};

const fromSources = (argument: string): readonly string[] => {
  const [, app] = /^dist\/apps\/([a-z-]+)\/main\.js$/.exec(argument) ?? [];
  return app ? ['--require', './tests/typescript-hook.js', `apps/${app}/src/main.ts`] : [argument];
};

/** `${NAME}`, `${NAME:-default}`, `${NAME:?complaint}`, and `$$`, as Compose reads them. */
const interpolated = (text: string, variables: Readonly<Record<string, string>>): string =>
  text.replace(/\$\$|\$\{(\w+)(?::([-?])([^}]*))?\}/g, (all, name?: string, kind?: string, rest = '') => {
    if (name === undefined) return '$';
    const value = variables[name] ?? '';
    if (value === '' && kind === '?') throw new Error(`${all}: ${rest}`);
    return value === '' && kind === '-' ? rest : value;
  });

const replaced = (text: string, addresses: Place['addresses']): string =>
  Object.entries(addresses).reduce(
    (so, [inside, outside]) => so.replace(new RegExp(`(?<=//|@)${inside}(?=/|$)`), outside),
    text,
  );

const exampleVariables = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...read('.env.example').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
  );

const imageEnvironment = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (/^ENV (.*)$/m.exec(dockerfile)?.[1] ?? '').split(' ').map((pair) => {
      const [name = '', value = ''] = pair.split('=');
      return [name, value];
    }),
  );

const imageHealthCheck = (): Container['healthCheck'] => {
  const [, json = ''] = /^HEALTHCHECK [^[]*CMD (\[.*\])$/m.exec(dockerfile) ?? [];
  return words.parse(JSON.parse(json));
};
