/**
 * Where the specifications by property begin: by chance, so that every run looks elsewhere, or at `TALLY_SEED`.
 * Printed, so that what failed once can be seen again.
 */
export const seed = Number(process.env.TALLY_SEED ?? Math.floor(Math.random() * 2 ** 31));
process.stdout.write(`TALLY_SEED=${seed}\n`);
