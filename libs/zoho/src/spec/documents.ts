import type { DocumentType } from '@tallystream/contracts';
import { BOX, CREATED, INK, type Json, MAIN, MODIFIED, PEN, SOUTH } from './payloads';

const pen = { itemId: PEN, warehouseId: MAIN, sku: 'PEN-01' };
const head = { createdAt: CREATED, modifiedAt: MODIFIED, deleted: false };
/** What is to be read out of the payloads. */
export const documents: { readonly [T in DocumentType]: Json } = {
  salesorder: {
    ...head,
    type: 'salesorder',
    id: '2646610000032345678',
    number: 'SO-9',
    status: 'confirmed',
    lines: [
      { ...pen, quantity: 10, invoiced: 4, cancelled: 1, shipped: 2, manuallyFulfilled: 0.5, dropshipped: 0 },
    ],
  },
  invoice: {
    ...head,
    type: 'invoice',
    id: '2646610000012345678',
    number: 'INV-000123',
    status: 'sent',
    lines: [{ ...pen, quantity: 3 }],
  },
  package: {
    ...head,
    type: 'package',
    id: '2646610000052345678',
    number: 'PA-7',
    status: 'shipped',
    lines: [{ ...pen, quantity: 3 }],
  },
  creditnote: {
    ...head,
    type: 'creditnote',
    id: '2646610000062345678',
    number: 'CN-29',
    status: 'open',
    lines: [{ ...pen, quantity: 3 }],
  },
  salesreturnreceive: {
    ...head,
    type: 'salesreturnreceive',
    id: '2646610000072345678',
    number: 'RR-2',
    status: 'received',
    lines: [{ ...pen, quantity: 3 }],
  },
  bill: {
    ...head,
    type: 'bill',
    id: '2646610000022345678',
    number: 'BILL-77',
    status: 'partially_paid',
    lines: [{ ...pen, quantity: 10.25 }],
  },
  purchase_receive: {
    ...head,
    type: 'purchase_receive',
    id: '2646610000082345678',
    number: 'PR-2',
    status: 'received',
    lines: [{ ...pen, quantity: 3 }],
  },
  vendor_credit: {
    ...head,
    type: 'vendor_credit',
    id: '2646610000092345678',
    number: 'DN-2',
    status: 'open',
    lines: [{ ...pen, quantity: 3 }],
  },
  inventory_adjustment: {
    ...head,
    type: 'inventory_adjustment',
    id: '2646610000042345678',
    number: 'ADJ-4',
    status: 'adjusted',
    lines: [{ ...pen, quantity: -2 }],
  },
  transfer_order: {
    ...head,
    type: 'transfer_order',
    id: '2646610000102345678',
    number: 'TO-1',
    status: 'in_transit',
    lines: [{ ...pen, destinationId: SOUTH, quantity: 3, received: 0 }],
  },
  bundle: {
    ...head,
    type: 'bundle',
    id: '2646610000112345678',
    number: 'WO-1',
    status: 'completed',
    lines: [
      { itemId: BOX, warehouseId: MAIN, sku: 'BOX-12', quantity: 2 },
      { ...pen, quantity: -0.2 },
      { itemId: INK, warehouseId: MAIN, quantity: -24 },
    ],
  },
};
