import type { Organisation, Subject } from '../organisation/organisation';
import { adjustmentBody } from './adjustment-body';
import { billBody } from './bill-body';
import { creditNoteBody, vendorCreditBody } from './credit-bodies';
import { invoiceBody } from './invoice-body';
import { itemBody } from './item-body';
import { returnReceiveBody, salesReturnBody } from './return-bodies';
import { salesOrderBody } from './sales-order-body';
import { packageBody, shipmentBody } from './shipping-bodies';
import { bundleBody, purchaseReceiveBody, transferBody } from './stock-bodies';

/** The whole document or item under its root key, as Zoho's default webhook payload has it. */
export const documentBody = (organisation: Organisation, document: Subject): Record<string, object> => ({
  [document.type]: bodyOf(organisation, document),
});

const bodyOf = (organisation: Organisation, document: Subject): object => {
  switch (document.type) {
    case 'invoice':
      return invoiceBody(organisation, document);
    case 'bill':
      return billBody(organisation, document);
    case 'salesorder':
      return salesOrderBody(organisation, document);
    case 'inventory_adjustment':
      return adjustmentBody(organisation, document);
    case 'package':
      return packageBody(organisation, document);
    case 'shipment_order':
      return shipmentBody(organisation, document);
    case 'creditnote':
      return creditNoteBody(organisation, document);
    case 'salesreturn':
      return salesReturnBody(organisation, document);
    case 'salesreturnreceive':
      return returnReceiveBody(organisation, document);
    case 'purchase_receive':
      return purchaseReceiveBody(organisation, document);
    case 'vendor_credit':
      return vendorCreditBody(organisation, document);
    case 'transfer_order':
      return transferBody(organisation, document);
    case 'bundle':
      return bundleBody(organisation, document);
    case 'item':
      return itemBody(organisation, document);
  }
};
