// @ts-check

const item = '2646610000000109854'; // PROD-001 of the simulator, and of docs/examples/book-invoice.js

/**
 * What a newcomer sees when everything runs.
 * @param {object} running
 * @param {string} running.app
 * @param {string} running.url
 * @param {string} running.apiKey
 * @param {string | undefined} running.simulatorUrl
 * @param {Record<string, string | undefined>} running.servers
 * @returns {string}
 */
function screen({ app, url, apiKey, simulatorUrl, servers }) {
  const authorized = `curl -H "Authorization: Bearer ${apiKey}"`;
  const tries = {
    reads: `${authorized} ${url}/api/stock/${item}`,
    balances: `${authorized} "${url}/api/balances?item=${item}"`,
    audit: `${authorized} "${url}/api/audit/events?item=${item}"`,
    health: `curl ${url}/health/ready`,
  };
  const bookings = simulatorUrl === undefined ? [] : ['node docs/examples/book-invoice.js 3'];
  /** @type {Record<string, string[]>} */
  const served = {
    standalone: [tries.reads, ...bookings, tries.audit],
    ingress: [...bookings, tries.health],
    balances: [tries.balances, tries.health],
    'stock-cache': [tries.reads, tries.health],
    'audit-trail': [tries.audit, tries.health],
  };
  return `
Tallystream runs (${app}).

  API         ${url}
  docs        ${url}/docs
  Zoho        ${simulatorUrl === undefined ? 'your organisation' : `${simulatorUrl} (simulator)`}
  NATS        ${servers.NATS_URL}
  Postgres    ${servers.DATABASE_URL}
  Redis       ${servers.REDIS_URL}
  API key     ${apiKey}

Try:

  ${(served[app] ?? [tries.health]).join('\n  ')}

Ctrl-C stops everything; data stays in .local/
`;
}

module.exports = { screen };
