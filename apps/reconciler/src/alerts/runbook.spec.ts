import { readFileSync } from 'node:fs';
import path from 'node:path';
import { alertNames } from '@tallystream/contracts';

const docs = path.join(__dirname, '../../../../docs');
const runbook = readFileSync(path.join(docs, 'runbook.md'), 'utf8');
const known = new Set(readFileSync(path.join(docs, 'metrics.md'), 'utf8').match(/(?<=^\| `)tally_\w+/gm));
const sectionOf = (title: string): string =>
  runbook.match(new RegExp(`^## ${title}\\n[^]*?(?=^## |$(?![^]))`, 'm'))?.[0] ?? '';
const metricsIn = (text: string) =>
  (text.match(/tally_[a-z_]+/g) ?? []).map((name) => name.replace(/_(count|sum|bucket)$/, ''));

describe('docs/runbook.md', () => {
  it.each(alertNames)('says of %s what to look at, what to do, and when it is over', (name) => {
    const section = sectionOf(name);
    expect(section).toMatch(/^Look at: /m);
    expect(section).toMatch(/^Do: /m);
    expect(section).toMatch(/^It is over when /m);
    expect(runbook).toContain(`| [${name}](#${name}) |`);
    // Something to see it by, beside `tally_alert` itself.
    expect(metricsIn(section).length).toBeGreaterThan(0);
  });

  it('has a section for nothing that is no alert', () => {
    const titles = [...runbook.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    expect(titles).toEqual(['What heals by itself', ...alertNames]);
  });

  it('names metrics that exist', () => {
    expect(metricsIn(runbook).filter((name) => !known.has(name))).toEqual([]);
  });
});
