import { z } from 'zod';
import { documentTypes } from '../organisation/documents';
import { remember } from '../organisation/history';
import type { Organisation } from '../organisation/organisation';
import { adjustmentBookings } from './adjustment-bookings';
import { billBookings } from './bill-bookings';
import type { Booking, Change } from './booking';
import { bundleBookings } from './bundle-bookings';
import { creditNoteBookings, vendorCreditBookings } from './credit-bookings';
import { invoiceBookings } from './invoice-bookings';
import { itemBookings, stockBookings } from './item-bookings';
import { packageBookings } from './package-bookings';
import { purchaseReceiveBookings } from './receive-bookings';
import { salesReturnBookings } from './return-bookings';
import { salesOrderBookings } from './sales-order-bookings';
import { transferBookings } from './transfer-bookings';

/** Every booking there is, by its action `<document type>.<verb>`. A new document type adds its own here. */
export const bookings = {
  ...invoiceBookings,
  ...billBookings,
  ...salesOrderBookings,
  ...adjustmentBookings,
  ...packageBookings,
  ...creditNoteBookings,
  ...salesReturnBookings,
  ...purchaseReceiveBookings,
  ...vendorCreditBookings,
  ...transferBookings,
  ...bundleBookings,
  ...itemBookings,
  ...stockBookings,
};

export type Action = keyof typeof bookings;
type InputOf<B> = B extends Pick<Booking<unknown, infer Given>, 'schema'> ? Given : never;
/** A booking with everything decided but its time. */
export type Order = { [A in Action]: Readonly<{ action: A; input: InputOf<(typeof bookings)[A]> }> }[Action];
/** The same before its input was checked, as it comes from outside. */
export type UncheckedOrder = Readonly<{ action: Action; input?: unknown }>;
/** A booking as it is written down: replaying the same commands gives the same organisation, id for id. */
export type Command = UncheckedOrder & Readonly<{ /** Seconds, to the millisecond. */ at: number }>;

/** Changes the truth. Refuses with `BookingRefused` (or zod's error) before anything has changed. */
export const book = (organisation: Organisation, command: Command): Change[] => {
  const changes = bookings[command.action].run(organisation, command.input, Math.floor(command.at));
  organisation.bookings += 1;
  remember(organisation, {
    at: momentOf(organisation, command),
    action: command.action,
    cause: changes[0]?.document,
  });
  return changes;
};

/** When a booking that was just made could be seen, in milliseconds: never before a document says it was. */
export const momentOf = (organisation: Organisation, { at }: Command): number =>
  Math.max(Math.round(at * 1000), organisation.latest * 1000);

export const isAction = (value: string): value is Action => Object.hasOwn(bookings, value);
/** A command read back; its input is checked by the booking itself. */
export const commandSchema = z.object({
  at: z.number(),
  action: z.string().refine(isAction, 'no such booking'),
  input: z.unknown(),
});

/** What bookings are about: documents, items, or stock alone. */
export const bookingTypes = [...documentTypes, 'item', 'stock'] as const;
export type BookingType = (typeof bookingTypes)[number];

export const typeOfAction = (action: Action): BookingType => {
  const type = bookingTypes.find((candidate) => action.startsWith(`${candidate}.`));
  if (!type) throw new Error(`action ${action} is about nothing we know`);
  return type;
};
