/** Words to make up items from. All invented. */
export const adjectives = ['Blue', 'Compact', 'Heavy', 'Quiet', 'Folding', 'Bright', 'Slim', 'Twin', 'Solid'];
export const nouns = [
  'Kettle',
  'Lamp',
  'Cable Reel',
  'Notebook',
  'Drill Bit',
  'Water Filter',
  'Door Hinge',
  'Desk Fan',
  'Tea Tray',
  'Garden Hose',
  'Ladder',
  'Coffee Beans',
];
export const arabicNames = [
  'مصباح مكتبي',
  'قهوة عربية',
  'خرطوم ماء',
  'دفتر ملاحظات',
  'مروحة صغيرة',
  'إبريق شاي',
];
export const serviceNames = ['Installation', 'Delivery', 'خدمة التركيب', 'Maintenance Visit'];
