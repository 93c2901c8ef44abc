/** Customers and vendors, all invented. Documents name them by their place in the list. */
export type Contact = Readonly<{
  id: string;
  name: string;
  person: readonly [first: string, last: string];
  email: string;
  phone: string;
  address: string;
  city: string;
  country: string;
  zip: string;
}>;

export const customers: readonly Contact[] = [
  {
    id: '2646610000000091001',
    name: 'Juniper & Sons Trading',
    person: ['Marta', 'Juniper'],
    email: 'orders@juniper.example',
    phone: '+966-11-555-0101',
    address: '14 Orchard Lane, Unit 3',
    city: 'Riyadh',
    country: 'Saudi Arabia',
    zip: '11564',
  },
  {
    id: '2646610000000091002',
    name: 'مؤسسة النخلة الخضراء للتجارة',
    person: ['سلمى', 'العمري'],
    email: 'salma@green-palm.example',
    phone: '+966-12-555-0147',
    address: 'شارع الياسمين، مبنى ٢٧، الطابق الثاني',
    city: 'جدة',
    country: 'المملكة العربية السعودية',
    zip: '23442',
  },
  {
    id: '2646610000000091003',
    name: 'Harbour Street Café',
    person: ['Niall', 'O’Dowd'],
    email: 'niall@harbour-cafe.example',
    phone: '+971-4-555-0162',
    address: '9 Harbour Street "The Quay"',
    city: 'Dubai',
    country: 'United Arab Emirates',
    zip: '',
  },
  {
    id: '2646610000000091004',
    name: 'شركة أفق البناء',
    person: ['يوسف', 'حداد'],
    email: 'y.haddad@ofoq.example',
    phone: '+962-6-555-0118',
    address: 'حي الزهور، قرب الدوّار السابع',
    city: 'عمّان',
    country: 'الأردن',
    zip: '11180',
  },
];

export const vendors: readonly Contact[] = [
  {
    id: '2646610000000092001',
    name: 'Northwind Wholesale Supply',
    person: ['Ida', 'Brandt'],
    email: 'sales@northwind-supply.example',
    phone: '+49-40-555-0133',
    address: 'Speicherweg 12',
    city: 'Hamburg',
    country: 'Germany',
    zip: '20457',
  },
  {
    id: '2646610000000092002',
    name: 'مصنع الساحل للأدوات',
    person: ['كريم', 'منصور'],
    email: 'karim@sahel-tools.example',
    phone: '+20-3-555-0190',
    address: 'المنطقة الصناعية الثالثة، قطعة ٤٤',
    city: 'الإسكندرية',
    country: 'مصر',
    zip: '21500',
  },
];

export const contactAt = (contacts: readonly Contact[], index: number): Contact => {
  const contact = contacts[index % contacts.length];
  if (!contact) throw new Error('an organisation has contacts');
  return contact;
};
