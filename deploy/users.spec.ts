import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { streamNames } from '@tallystream/contracts';
import { streams, users, usersConf } from './nats/users';
import { apps, roleOf } from './postgres/roles';

const read = (file: string): string => readFileSync(path.join(__dirname, file), 'utf8');
const compose = read('../docker-compose.yml');

/** Runs a start script whose server is a stub that says what it was told to read. */
const startedWith = (
  script: string,
  server: string,
  env: Record<string, string>,
  ...args: string[]
): string => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tally-users-'));
  try {
    writeFileSync(path.join(folder, server), '#!/bin/sh\nexit 0\n');
    chmodSync(path.join(folder, server), 0o755);
    const filled = args.map((arg) => arg.replace('$OUT', folder));
    execFileSync('sh', [path.join(__dirname, script), ...filled], {
      env: { ...env, PATH: `${folder}:${process.env.PATH}` },
    });
    return readFileSync(path.join(folder, script.includes('nats') ? 'users.conf' : 'users.acl'), 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
};

describe('the users of NATS', () => {
  it('are in users.conf as users.js has them: node deploy/nats/write-users.js', () => {
    expect(read('nats/users.conf')).toBe(usersConf());
  });

  it('know every stream there is', () => {
    expect([...streams].sort()).toEqual([...streamNames].sort());
  });

  it('each have a password in compose, which is quoted, as nats-server wants it', () => {
    for (const user of Object.keys(users)) {
      const variable = `${user.toUpperCase().replaceAll('-', '_')}_PASSWORD`;
      expect(read('nats/users.conf')).toContain(`user: ${user}\n    password: $${variable}\n`);
      expect(compose).toContain(`${variable}: '"\${${variable}:?`);
    }
  });

  it.each([
    ['tally', 'tally_STOCK', '"stock.changed.>"'],
    ['blue', 'blue_STOCK', '"blue.stock.changed.>"'],
  ])('of NAMESPACE %s are of its streams and subjects', (NAMESPACE, stream, subject) => {
    const conf = startedWith(
      'nats/start.sh',
      'nats-server',
      { NAMESPACE },
      path.join(__dirname, 'nats'),
      '$OUT',
    );
    expect(conf).toContain(stream);
    expect(conf).toContain(subject);
    expect(conf.replace(/^#.*$/gm, '')).not.toMatch(/@[A-Z]+@/);
  });
});

describe('the users of Redis', () => {
  const passwords = Object.fromEntries(
    ['STOCK_CACHE', 'RECONCILER', 'OPERATIONS', 'BALANCES', 'AUDIT_TRAIL'].map((app) => [
      `${app}_PASSWORD`,
      `secret of ${app}`,
    ]),
  );

  it.each([
    ['tally', '~stock:*'],
    ['blue', '~blue:stock:*'],
  ])('of NAMESPACE %s have its keys, and their passwords are hashed', (NAMESPACE, key) => {
    const acl = startedWith(
      'redis/start.sh',
      'redis-server',
      { NAMESPACE, ...passwords },
      'redis.conf',
      path.join(__dirname, 'redis/users.acl'),
      '$OUT/users.acl',
    );
    expect(acl).toContain(`${key} `);
    expect(acl).not.toMatch(/secret|@[A-Z_]+@|^#/m);
    for (const line of acl.trim().split('\n'))
      expect(line).toMatch(/^user (default off|[a-z-]+ on #[0-9a-f]{64} )/);
    expect(acl).toMatch(/^user default off$/m);
  });
});

describe('the roles in Postgres', () => {
  it('are made for the apps that the tables are granted to', () => {
    const granted = read('../libs/projection-store/src/privileges.ts').match(
      /type AppWithRole =([^;]*);/,
    )?.[1];
    const named = (granted?.match(/[a-z_]+/g) ?? []).map((app) => `tallystream_${app}`);
    expect(named.sort()).toEqual(apps.map(roleOf).sort());
    const script = read('postgres/create-database.sh').match(/^for app in (.*); do$/m)?.[1];
    expect(script?.split(' ').sort()).toEqual(apps.map((app) => app.replaceAll('-', '_')).sort());
  });
});
