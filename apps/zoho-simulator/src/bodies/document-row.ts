import { contactAt, customers, vendors } from '../organisation/contacts';
import { type DocumentKind, documentKinds } from '../organisation/document-kinds';
import type { Document } from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';
import { headerBody, totals } from './header-body';

/** A document as lists have it: without its lines. */
export const documentRow = (organisation: Organisation, document: Document): Record<string, unknown> => {
  const kind = documentKinds[document.type];
  const { total, total_formatted, currency_code } = totals(organisation, document);
  return {
    [kind.id]: document.id,
    ...headerBody(document),
    [kind.number]: document.number,
    ...partyOf(document, kind),
    total,
    total_formatted,
    currency_code,
  };
};

const partyOf = (document: Document, { party }: DocumentKind): Record<string, string> => {
  if (party === undefined) return {};
  const { id, name } = contactAt(party === 'customer' ? customers : vendors, document.contact);
  return { [`${party}_id`]: id, [`${party}_name`]: name };
};
