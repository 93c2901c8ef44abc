import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { roleOf } from './postgres/roles';

// Read as text, because no YAML parser is among our dependencies. CI also asks the real programs:
// docker compose --env-file .env.example config -q, caddy validate, nats-server -t.

const root = path.join(__dirname, '..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

const compose = read('docker-compose.yml');
const caddyfile = read('deploy/proxy/Caddyfile');
const envExample = read('.env.example');

const projects: Record<string, unknown> = JSON.parse(read('nest-cli.json')).projects;
const tools = ['standalone', 'stockctl', 'backup'];
const apps = Object.keys(projects).filter((name) => !tools.includes(name));
const routedApps = apps.filter((name) => !['zoho-simulator', 'provisioner'].includes(name));

describe('docker-compose.yml', () => {
  it.each(apps)('runs %s by its own bundle', (app) => {
    expect(service(app)).toContain(`command: [node, --enable-source-maps, dist/apps/${app}/main.js]`);
  });

  it.each(serviceNames().filter((name) => !tools.includes(name)))(
    'starts %s again, and asks how it is',
    (name) => {
      expect(service(name)).toMatch(/^ +restart: unless-stopped$/m);
      const isOurs = /^ +build: \.$/m.test(service(name));
      expect(isOurs ? read('Dockerfile') : service(name)).toMatch(
        isOurs
          ? /^HEALTHCHECK [\s\S]*\/health\/ready/m
          : /^ {4}healthcheck:\n(?: {6}.*\n)*? {6}test:\s+\[CMD/m,
      );
    },
  );

  it.each(['stockctl', 'backup'])('runs the tool %s only when it is called, by its own bundle', (name) => {
    expect(service(name)).toContain('    profiles: [tools]\n    restart: "no"\n');
    expect(service(name)).toContain(`entrypoint: [node, --enable-source-maps, dist/apps/${name}/main.js]`);
  });

  it('backs up as the users that docs/backup.md names', () => {
    expect(service('backup')).toMatch(/nats:\/\/backup:\$\{BACKUP_PASSWORD:\?/);
    expect(service('backup')).toMatch(/postgres:\/\/tallystream:\$\{PROVISIONER_PASSWORD:\?/);
    expect(service('backup')).toMatch(/redis:\/\/stock-cache:\$\{STOCK_CACHE_PASSWORD:\?/);
  });

  it.each(routedApps)('sets every variable that %s needs', (app) => {
    const main = read(`apps/${app}/src/main.ts`);
    const needs = (main.match(/needs: \[([^\]]*)\]/)?.[1] ?? '').match(/[A-Z_]+/g) ?? [];
    expect(needs).toContain('NATS_URL');
    expect(variablesOf(app)).toEqual(expect.arrayContaining(needs));
  });

  it('can set every variable there is, at some app', () => {
    const known = read('libs/platform/src/config/variables.ts').match(/^ {2}[A-Z_]+(?=: )/gm) ?? [];
    // The image says where to listen, and unsigned webhooks are for development only.
    const fixed = ['HOST', 'PORT', 'ZOHO_WEBHOOK_INSECURE'];
    const settable = [...apps.flatMap(variablesOf), ...fixed];
    expect(known.map((name) => name.trim()).filter((name) => !settable.includes(name))).toEqual([]);
  });

  it('takes nothing from the environment that .env.example does not explain', () => {
    const taken = [...compose.matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name);
    expect(taken.filter((name) => !new RegExp(`^${name}=`, 'm').test(envExample))).toEqual([]);
  });

  it('refuses to start without the secrets, which the example has', () => {
    const needed = [...compose.matchAll(/\$\{([A-Z_]+):\?set \1, see \.env\.example\}/g)].map(
      ([, name]) => name,
    );
    expect(needed).toEqual(
      expect.arrayContaining(['API_KEYS', 'ZOHO_WEBHOOK_SECRET', 'PROVISIONER_PASSWORD']),
    );
    expect(needed.filter((name) => !new RegExp(`^${name}=.`, 'm').test(envExample))).toEqual([]);
    expect(compose).not.toMatch(/\$\{[A-Z_]*(?:PASSWORD|SECRET|API_KEYS)(?:\}|:-[^}])/);
  });

  it.each([...routedApps, 'provisioner'])('gives %s its own users, and nobody else\u2019s', (app) => {
    const password = `${app.toUpperCase().replaceAll('-', '_')}_PASSWORD`;
    const role = app === 'provisioner' ? 'tallystream' : roleOf(app);
    const urls = [
      ...service(app).matchAll(/^ +[A-Z]+_URL: (nats|postgres|redis):\/\/([^:]+):\$\{(\w+):\?/gm),
    ];
    expect(urls.map(([, , , variable]) => variable)).toEqual(urls.map(() => password));
    for (const [, server, user] of urls) expect(user).toBe(server === 'postgres' ? role : app);
    expect(service(app).match(/[A-Z_]+_PASSWORD(?=:\?)/g)).toEqual(urls.map(() => password));
  });

  it('opens one port, of the proxy, to this machine only', () => {
    expect(compose.match(/^ +ports:.*$/gm)).toHaveLength(1);
    expect(service('proxy')).toMatch(/ ports: \["\$\{TALLY_BIND:-127\.0\.0\.1\}:/);
  });

  it('mounts files that exist', () => {
    const files = [...compose.matchAll(/- \.\/(\S+?):\//g)].map(([, file]) => String(file));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(read(file)).not.toBe('');
  });
});

describe('nats.conf', () => {
  const natsConf = read('deploy/nats/nats.conf');

  it('acknowledges what is on disk, and takes the largest webhook', () => {
    expect(natsConf).toMatch(/^ +sync_interval: always$/m);
    expect(Number(natsConf.match(/^max_payload: (\d+)$/m)?.[1])).toBeGreaterThanOrEqual(9 * 1024 * 1024);
  });

  it('leaves who may do what to users.conf', () => {
    expect(natsConf).toMatch(/^authorization \{\n {2}include "users\.conf"\n\}$/m);
  });
});

describe('the proxy', () => {
  it.each([
    ['/api/webhooks/zoho', 'ingress'],
    ['/api/zoho/webhooks/invoices', 'ingress'],
    ['/api/debug/webhook-log', 'ingress'],
    ['/api/debug/webhook-log/42', 'ingress'],
    ['/api/stock', 'stock-cache'],
    ['/api/stock/1', 'stock-cache'],
    ['/api/stock/changes', 'stock-cache'],
    ['/api/stock/stream', 'stock-cache'],
    ['/api/debug/stock', 'stock-cache'],
    ['/socket.io/', 'stock-cache'],
    ['/api/balances', 'balances'],
    ['/api/items/1/balances', 'balances'],
    ['/api/warehouses', 'balances'],
    ['/api/audit/events', 'audit-trail'],
    ['/api/sync/stock', 'reconciler'],
    ['/api/zoho/bulk-sync/items-with-stock', 'reconciler'],
    ['/api/zoho/compare', 'reconciler'],
    ['/api/tds/stock/sync', 'reconciler'],
    ['/api/reconciliation/drift', 'reconciler'],
    ['/api/keys', 'reconciler'],
    ['/api/keys/0f1e2d3c4b5a/revoke', 'reconciler'],
    ['/api/sync/runs/verify-1', 'reconciler'],
    ['/api/ops/dead-letters', 'operations'],
    ['/api/ops/verify', 'operations'],
  ])('sends %s to %s', (url, app) => {
    expect(appFor(url)).toBe(app);
  });

  it.each(routedApps)('sends every controller of %s there', (app) => {
    expect(controllerPaths(app).filter((url) => appFor(url) !== app)).toEqual([]);
  });

  it.each(['/metrics', '/health/ready', '/api/stockpile'])('keeps %s inside', (url) => {
    expect(appFor(url)).toBeUndefined();
  });
});

function serviceNames(): string[] {
  return [...section('services').matchAll(/^ {2}([a-z-]+):$/gm)].map(([, name]) => String(name));
}

/** The service's own text, with that of the anchors it merges. */
function service(name: string): string {
  const own = section('services').match(new RegExp(`^ {2}${name}:\\n(?:(?: {4}.*)?\\n)*`, 'm'))?.[0];
  if (own === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  const merged = [...own.matchAll(/<<: (.*)$/gm)].flatMap(([, anchors]) => anchors?.match(/[a-z]+/g) ?? []);
  return [own, ...merged.map((anchor) => section(`x-${anchor}`))].join('');
}

function section(key: string): string {
  return compose.match(new RegExp(`^${key}:.*\\n(?:(?: .*)?\\n)*`, 'm'))?.[0] ?? '';
}

function variablesOf(app: string): string[] {
  return [...service(app).matchAll(/^ +([A-Z_]+): /gm)].map(([, name]) => String(name));
}

/** As Caddy does: the first matcher, from above, with a path that fits. */
function appFor(url: string): string | undefined {
  const matchers = [...caddyfile.matchAll(/^\t@([a-z-]+) path (.*)$/gm)];
  const fits = (pattern: string) =>
    pattern.endsWith('*') ? url.startsWith(pattern.slice(0, -1)) : url === pattern;
  const app = matchers.find(([, , patterns]) => patterns?.split(' ').some(fits))?.[1];
  const upstream = app?.toUpperCase().replaceAll('-', '_');
  return app && caddyfile.includes(`reverse_proxy {$${upstream}:${app}:3000}`) ? app : undefined;
}

/** What the app's HTTP controllers answer to, with a value for each parameter. */
function controllerPaths(app: string): string[] {
  const folder = `apps/${app}/src`;
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.controller.ts'))
    .flatMap((file) => {
      const source = read(path.join(folder, file));
      const bases = pathsIn(source.match(/@Controller\(([^)]*)\)/)?.[1]);
      const tails = [...source.matchAll(/@(?:Get|Post|Put|Delete|Sse)\(([^)]*)\)/g)].flatMap(([, paths]) =>
        pathsIn(paths),
      );
      return bases.flatMap((base) =>
        tails.map((tail) =>
          `/api/${base}/${tail}`.replace(/\/{2,}|\/$/g, (slashes) => (slashes === '/' ? '' : '/')),
        ),
      );
    })
    .map((url) => url.replace(/\/$/, '').replace(/:[a-zA-Z]+/g, '1'));
}

/** The paths that a decorator names: one, a list, or none, which is the empty one. */
function pathsIn(argument = ''): string[] {
  const named = [...argument.matchAll(/'([^']*)'/g)].map(([, text]) => String(text));
  return named.length > 0 ? named : [''];
}
