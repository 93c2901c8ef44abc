export { AccessModule } from './access.module';
export { type ApiKey, type KeyStatus, keyIdSchema, statusOf } from './keys/api-key';
export { ApiKeys, type KeyWithSecret } from './keys/api-keys';
