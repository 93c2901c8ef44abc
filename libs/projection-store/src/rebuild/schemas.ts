/** Where the tables of a store lie, and where those that are to take their place. */
export type Schemas = Readonly<{ live: string; next: string }>;
