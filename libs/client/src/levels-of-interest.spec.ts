import { itemIdSchema, namingFor, warehouseIdSchema } from '@tallystream/contracts';
import { levelsOfInterest } from './levels-of-interest';

const naming = namingFor('tally');
const level = (warehouse: string, item: string) => ({
  itemId: itemIdSchema.parse(item),
  warehouseId: warehouseIdSchema.parse(warehouse),
});
const ids = (count: number) => Array.from({ length: count }, (_, n) => `i${n}`);

describe('the levels a subscriber wants to hear of', () => {
  it.each([
    ['all', {}, ['stock.changed.*.*']],
    ['items', { items: ['pen', 'ink', 'pen'] }, ['stock.changed.*.pen', 'stock.changed.*.ink']],
    ['a warehouse', { warehouses: ['main'] }, ['stock.changed.main.*']],
    [
      'items in warehouses',
      { items: ['pen', 'ink'], warehouses: ['main', 'port'] },
      ['main.pen', 'main.ink', 'port.pen', 'port.ink'].map((tail) => `stock.changed.${tail}`),
    ],
    ['too many items in a warehouse', { items: ids(201), warehouses: ['main'] }, ['stock.changed.main.*']],
    ['too many items', { items: ids(201) }, ['stock.changed.*.*']],
    ['too many of both', { items: ids(201), warehouses: ids(201) }, ['stock.changed.*.*']],
  ])('come by subjects: %s', (_, wishes, subjects) => {
    expect(levelsOfInterest(naming, wishes).subjects).toEqual(subjects);
  });

  it('carry the namespace', () => {
    const { subjects } = levelsOfInterest(namingFor('shop'), { items: ['pen'] });
    expect(subjects).toEqual(['shop.stock.changed.*.pen']);
  });

  it('are sorted out here where the subjects bring more', () => {
    const { includes } = levelsOfInterest(naming, { items: ids(201), warehouses: ['main'] });
    expect([level('main', 'i7'), level('main', 'pen'), level('port', 'i7')].map(includes)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it.each([
    [{ items: [] }, 'items is empty'],
    [{ warehouses: [] }, 'warehouses is empty'],
    [{ items: ['pen', 'p.n'] }, 'items: "p.n" must be 1 to 64'],
    [{ warehouses: ['*'] }, 'warehouses: "*" must be 1 to 64'],
    [{ items: ['>'] }, 'items: ">" must be 1 to 64'],
  ])('cannot be %j', (wishes, reason) => {
    expect(() => levelsOfInterest(naming, wishes)).toThrow(reason);
  });
});
