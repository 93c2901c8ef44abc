import type { Order } from '../bookings/registry';
import type { DocumentOf } from '../organisation/documents';
import { findDocument, type Organisation } from '../organisation/organisation';
import type { Random } from '../random';
import { randomChange } from './random-changes';
import { randomNew } from './random-new';
import { hasRested } from './rest';
import { pickType, type Scope, type TrafficDocumentType } from './scope';

/** Changes fall on one of the newest documents of a type: old ones rest, as in life. */
const NEWEST = 1000;
const CREATE_PROBABILITY = 0.45;

/** The next thing that happens in the organisation, with every choice made. */
export const randomOrder = (organisation: Organisation, random: Random, scope: Scope): Order => {
  const type = pickType(random, scope);
  if (type === 'item' || random.chance(CREATE_PROBABILITY))
    return randomNew(organisation, random, scope, type);
  const document = newestOne(organisation, random, type);
  return (
    (document && randomChange(organisation, random, document)) ?? randomNew(organisation, random, scope, type)
  );
};

const newestOne = (
  organisation: Organisation,
  random: Random,
  type: TrafficDocumentType,
): DocumentOf<TrafficDocumentType> | undefined => {
  const ids = organisation.idsByType[type].slice(-NEWEST);
  const document = ids.length === 0 ? undefined : findDocument(organisation, type, random.pick(ids));
  return document && hasRested(organisation, document) ? document : undefined;
};
