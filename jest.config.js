// Three tiers, told apart by suffix: pure, against real servers, the running system from outside.
const shared = {
  testEnvironment: 'node',
  transform: { '^.+\\.ts$': '@swc/jest' },
  moduleNameMapper: {
    '^@tallystream/jetstream/core$': '<rootDir>/libs/jetstream/src/core',
    '^@tallystream/([a-z-]+)$': '<rootDir>/libs/$1/src',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.local'],
};

/** @type {import('jest').Config} */
module.exports = {
  testSequencer: './libs/testing/longest-first.js',
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/{apps,libs,deploy,tests}/**/*.spec.ts'],
      testPathIgnorePatterns: ['\\.(int|e2e)\\.spec\\.ts$', '/node_modules/'],
    },
    {
      ...shared,
      displayName: 'integration',
      setupFilesAfterEnv: ['<rootDir>/libs/testing/slow-tier.js'],
      testMatch: ['<rootDir>/{apps,libs,deploy}/**/*.int.spec.ts'],
    },
    {
      ...shared,
      displayName: 'e2e',
      setupFilesAfterEnv: ['<rootDir>/libs/testing/slow-tier.js'],
      testMatch: ['<rootDir>/tests/{e2e,crash,memory,scale,chaos}/**/*.e2e.spec.ts'],
    },
  ],
};
