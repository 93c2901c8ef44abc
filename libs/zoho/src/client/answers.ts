import { type Fields, isFields, UnreadableDocument } from '../fields';
import { ZohoError } from './zoho-error';

/** What cannot be read out of an answer is a failed call, as any other. */
export const readable = <T>(read: () => T): T => {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnreadableDocument) throw new ZohoError('unreadable', error.message);
    throw error;
  }
};

export const hasMorePages = ({ page_context: context }: Fields): boolean =>
  isFields(context) && context.has_more_page === true;
