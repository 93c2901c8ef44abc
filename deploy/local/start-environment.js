// @ts-check

/**
 * What the apps get to see. Whatever the user has set stays as it is.
 * @typedef {object} Situation
 * @property {NodeJS.ProcessEnv} user
 * @property {Record<string, string>} servers addresses of the servers we started
 * @property {import('./secrets').Secrets} secrets
 * @property {number} port of the app
 * @property {number} simulatorPort
 * @property {string} simulatorState file
 */

/**
 * @param {NodeJS.ProcessEnv} user
 * @returns {boolean} false when the user brings a real Zoho organisation
 */
function wantsSimulator(user) {
  return !user.ZOHO_CLIENT_ID;
}

/**
 * @param {Situation} situation
 * @returns {NodeJS.ProcessEnv}
 */
function appEnvironment({ user, servers, secrets, port, simulatorPort }) {
  const simulator = `http://127.0.0.1:${simulatorPort}`;
  return overlay(user, {
    ...servers,
    PORT: String(port),
    API_KEYS: `local:admin:${secrets.apiKey}`,
    ZOHO_WEBHOOK_SECRET: secrets.webhookSecret,
    ...(wantsSimulator(user) && {
      ZOHO_API_BASE_URL: simulator,
      ZOHO_ACCOUNTS_URL: simulator,
      ZOHO_CLIENT_ID: 'simulator',
      ZOHO_CLIENT_SECRET: 'simulator',
      ZOHO_REFRESH_TOKEN: 'simulator',
      ZOHO_ORGANIZATION_ID: '10234695',
      SALES_WAREHOUSE_ID: '2646610000000077024', // the simulator's main warehouse
      HEALTH_MIN_ITEMS: '100', // of its 300
    }),
  });
}

/**
 * @param {Situation} situation
 * @returns {NodeJS.ProcessEnv}
 */
function simulatorEnvironment({ user, secrets, port, simulatorPort, simulatorState }) {
  const defaults = overlay(user, {
    ZOHO_WEBHOOK_SECRET: secrets.webhookSecret,
    SIMULATOR_WEBHOOK_URL: `http://127.0.0.1:${port}/api/webhooks/zoho`,
    SIMULATOR_STATE_FILE: simulatorState,
  });
  return { ...defaults, PORT: String(simulatorPort) }; // a PORT of the user's is the app's
}

/**
 * @param {NodeJS.ProcessEnv} user
 * @param {Record<string, string>} defaults
 * @returns {NodeJS.ProcessEnv}
 */
function overlay(user, defaults) {
  const missing = Object.entries(defaults).filter(([name]) => !user[name]);
  return { ...user, ...Object.fromEntries(missing) };
}

module.exports = { wantsSimulator, appEnvironment, simulatorEnvironment };
