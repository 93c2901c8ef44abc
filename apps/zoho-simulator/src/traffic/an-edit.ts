import type { Document } from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';
import type { Random } from '../random';
import { randomQuantity } from './random-lines';

/** A new quantity for one line of the document. */
export const anEdit = (organisation: Organisation, random: Random, document: Document) => {
  const line = random.int(0, document.lines.length - 1);
  const item = organisation.itemById.get(document.lines[line]?.itemId ?? '');
  return { id: document.id, line, quantity: randomQuantity(random, item) };
};
