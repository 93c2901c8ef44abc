export { type ReceivedWebhook, storeWebhook, UNSUPPORTED, webhookFrom } from './inbox';
