/** Gathers conditions and their parameters for one statement. `?` stands for the next parameter. */
export type Conditions = Readonly<{
  add: (sql: string, ...values: readonly unknown[]) => void;
  /** Adds the condition if there is a value. */
  addIf: (sql: string, value: unknown) => void;
  /** A parameter outside the conditions: what stands for it in the statement. */
  bind: (value: unknown) => string;
  where: () => string;
  parameters: () => readonly unknown[];
}>;

export const conditions = (): Conditions => {
  const parts: string[] = [];
  const parameters: unknown[] = [];
  const bind = (value: unknown) => `$${parameters.push(value)}`;
  const add = (sql: string, ...values: readonly unknown[]) => {
    const rest = [...values];
    parts.push(sql.replace(/\?/g, () => bind(rest.shift())));
  };
  return {
    add,
    addIf: (sql, value) => {
      if (value !== undefined) add(sql, value);
    },
    bind,
    where: () => (parts.length === 0 ? '' : `WHERE ${parts.join(' AND ')}`),
    parameters: () => parameters,
  };
};
