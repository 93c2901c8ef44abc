// @ts-check

// node deploy/nats/write-users.js: writes users.conf as users.js has it.

const fs = require('node:fs');
const path = require('node:path');
const { usersConf } = require('./users');

fs.writeFileSync(path.join(__dirname, 'users.conf'), usersConf());
