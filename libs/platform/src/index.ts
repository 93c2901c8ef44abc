export { callerOf } from './auth/caller';
export { NeedsRole, Open } from './auth/role-guard';
export { BadEnvironment, loadConfig } from './config/load-config';
export type { Config, Role, VariableName } from './config/variables';
export { type DependencyHealth, Health, type PartHealth, probe } from './health/health';
export { jsonBody } from './http/json-body';
export { fieldErrors } from './http/problem-filter';
export { APP_NAME, CONFIG, NAMING, platformModule } from './platform.module';
export { type AppParts, startApp } from './start-app';
