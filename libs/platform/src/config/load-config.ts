import { type Config, type VariableName, variables } from './variables';

/** The environment is wrong. `message` is one line: the variable, what is wrong with it, an example. */
export class BadEnvironment extends Error {
  constructor(name: string, fault: string, example: string) {
    super(`${name} ${fault}; for example ${name}=${example}`);
    this.name = 'BadEnvironment';
  }
}

/** A variable that makes no sense, or a hole, without the other. */
const partners: readonly (readonly [VariableName, VariableName])[] = [
  // Without an audience, a token that the issuer made for another service would open this one.
  ['AUTH_JWKS_URL', 'AUTH_AUDIENCE'],
  // Without a secret, a shop could not know who calls it.
  ['REVALIDATE_URL', 'REVALIDATE_SECRET'],
];

/**
 * Reads and checks the variables that an app `needs`; of the others, wrong ones are refused too, so that a
 * mistake shows at the start and not at night.
 * @throws BadEnvironment for the first variable that is missing or wrong
 */
export const loadConfig = <N extends VariableName>(
  needs: readonly N[],
  environment: Readonly<Record<string, string | undefined>>,
): Config => {
  const entries = Object.entries(variables).map(([name, { schema, example, ...rest }]) => {
    const given = environment[name] === '' ? undefined : environment[name];
    const result = schema.safeParse(given);
    if (given === undefined) {
      if (result.data === undefined && needs.some((needed) => needed === name))
        throw new BadEnvironment(name, 'is not set', example);
      return [name, result.data];
    }
    if (result.success) return [name, result.data];
    const fault = result.error.issues[0]?.message ?? 'is not valid';
    throw new BadEnvironment(
      name,
      'secret' in rest ? fault : `${fault}, not ${JSON.stringify(given.slice(0, 80))}`,
      example,
    );
  });
  for (const [name, partner] of partners) {
    if (environment[name] && !environment[partner])
      throw new BadEnvironment(partner, `is not set, but ${name} is`, variables[partner].example);
  }
  return Object.fromEntries(entries);
};

/** The process's own configuration; a fault ends the process with one line and exit code 1. */
export const configOrExit = (needs: readonly VariableName[]): Config => {
  try {
    return loadConfig(needs, process.env);
  } catch (error) {
    if (!(error instanceof BadEnvironment)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
};
