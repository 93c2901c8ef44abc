// @ts-check

/** The apps that have a role of their own, which the migrations' owner lets do what the app does. */
const apps = ['ingress', 'balances', 'stock-cache', 'audit-trail', 'reconciler', 'operations'];

/**
 * As in libs/projection-store, and in create-database.sh.
 * @param {string} app
 * @returns {string}
 */
function roleOf(app) {
  return `tallystream_${app.replaceAll('-', '_')}`;
}

module.exports = { apps, roleOf };
