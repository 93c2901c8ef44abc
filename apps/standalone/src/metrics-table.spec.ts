import { readFileSync } from 'node:fs';
import path from 'node:path';
import { allMetrics, withTable } from './metrics-table';

const metrics = allMetrics();

describe('docs/metrics.md', () => {
  it('tells every metric as the code has it (npm run docs:metrics writes it)', () => {
    const page = readFileSync(path.join(__dirname, '../../../docs/metrics.md'), 'utf8');
    expect(page).toBe(withTable(page, metrics));
    expect(page.match(/^\| `tally_/gm)).toHaveLength(metrics.length);
  });

  it.each(metrics)('$name is named by the convention', ({ name, type }) => {
    expect(name).toMatch(/^tally_[a-z_]+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(type === 'histogram' ? name : '_seconds').toMatch(/_seconds$/);
  });
});
