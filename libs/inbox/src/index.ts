export { type ReceivedWebhook, storeWebhook, webhookFrom } from './inbox';
