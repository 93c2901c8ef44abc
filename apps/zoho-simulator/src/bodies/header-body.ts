import { zohoDate, zohoDateFormatted, zohoTime } from '../clock';
import type { Contact } from '../organisation/contacts';
import type { Document } from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';
import { warehouseName } from '../organisation/warehouses';
import { itemOf } from './line-body';
import { lineTotal, money, moneyFormatted } from './money';

/** What every body says of its document's age and branch. */
export const headerBody = (document: Document) => ({
  date: zohoDate(document.createdAt),
  date_formatted: zohoDateFormatted(document.createdAt),
  status: String(document.status),
  status_formatted: inWords(document.status),
  reference_number: '',
  branch_id: document.branchId,
  branch_name: warehouseName(document.branchId),
  location_id: document.branchId,
  location_name: warehouseName(document.branchId),
  created_time: zohoTime(document.createdAt),
  created_time_formatted: `${zohoDateFormatted(document.createdAt)} ${zohoTime(document.createdAt).slice(11, 16)}`,
  last_modified_time: zohoTime(document.modifiedAt),
  created_by_id: '2646610000000073003',
  created_by_name: 'Simulated Clerk',
  last_modified_by_id: '2646610000000073003',
  custom_fields: [],
  custom_field_hash: {},
});

const inWords = (status: string): string =>
  status.charAt(0).toUpperCase() + status.slice(1).replaceAll('_', ' ');

export const totals = (organisation: Organisation, document: Document) => {
  const total = document.lines.reduce(
    (sum, line) => sum + lineTotal(itemOf(organisation, line).rate, line.quantity),
    0,
  );
  const fields = {
    sub_total: total,
    tax_total: 0,
    discount_total: 0,
    shipping_charge: 0,
    adjustment: 0,
    total,
  };
  return {
    currency_id: '2646610000000000099',
    currency_code: 'SAR',
    currency_symbol: 'SAR',
    exchange_rate: 1,
    price_precision: 2,
    is_inclusive_tax: false,
    taxes: [],
    ...Object.fromEntries(
      Object.entries(fields).flatMap(([name, value]) => [
        [name, money(value)],
        [`${name}_formatted`, moneyFormatted(value)],
      ]),
    ),
  };
};

export const customerBody = (contact: Contact) => ({
  customer_id: contact.id,
  customer_name: contact.name,
  email: contact.email,
  contact_persons: [`${contact.id.slice(0, -1)}9`],
  contact_person_details: [
    {
      contact_person_id: `${contact.id.slice(0, -1)}9`,
      first_name: contact.person[0],
      last_name: contact.person[1],
      email: contact.email,
      phone: contact.phone,
      mobile: '',
    },
  ],
  billing_address: addressBody(contact),
  shipping_address: addressBody(contact),
});

export const vendorBody = (contact: Contact) => ({
  vendor_id: contact.id,
  vendor_name: contact.name,
  billing_address: addressBody(contact),
});

const addressBody = (contact: Contact) => ({
  attention: contact.person.join(' '),
  address: contact.address,
  street2: '',
  city: contact.city,
  state: '',
  zip: contact.zip,
  country: contact.country,
  phone: contact.phone,
  fax: '',
});
