// @ts-check

// node deploy/local/sql.js "select …": looks into Postgres without psql.

const { Client } = require('pg');
const { readRunEnv } = require('./run-env');

async function main() {
  const statement = process.argv.slice(2).join(' ');
  const url = process.env.DATABASE_URL || readRunEnv().DATABASE_URL;
  if (statement === '') throw new Error('Usage: node deploy/local/sql.js "select …"');
  if (url === undefined) throw new Error('Nothing runs here: npm start first, or set DATABASE_URL');
  const client = new Client({ connectionString: url, options: '-c search_path=tally,public' });
  await client.connect();
  try {
    const answers = [await client.query(statement)].flat();
    for (const answer of answers) print(answer);
  } finally {
    await client.end();
  }
}

/** @param {import('pg').QueryResult} answer */
function print({ command, rowCount, fields, rows }) {
  if (fields.length === 0) console.log(`${command} ${rowCount ?? ''}`.trim());
  else if (rows.length === 0) console.log(`no rows (${fields.map((field) => field.name).join(', ')})`);
  else console.table(rows.map((row) => Object.fromEntries(Object.entries(row).map(readable))));
}

/**
 * @param {[string, unknown]} column
 * @returns {[string, unknown]} console.table cuts nested values short
 */
function readable([name, value]) {
  if (value instanceof Date) return [name, value.toISOString()];
  if (Buffer.isBuffer(value)) return [name, `\\x${value.toString('hex')}`];
  return [name, typeof value === 'object' && value !== null ? JSON.stringify(value) : value];
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
