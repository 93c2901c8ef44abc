/** Where tables lie while new ones take their place. */
export type Schemas = Readonly<{ live: string; next: string; old: string }>;
