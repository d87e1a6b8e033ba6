import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const folder = join(import.meta.dirname, '../src');
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .map((path) => ({ path, text: readFileSync(join(folder, path), 'utf8') }));
/** Names that reach outside: the clock, randomness, the environment, the network, timers. */
const IMPURE =
  /\bDate\.now\b|\bnew Date\(\)|\bperformance\b|Math\.random|\bprocess\.[a-z]|randomUUID|getRandomValues|\bfetch\(|setTimeout|setInterval|\bconsole\./;

describe('the package', () => {
  it('reaches nothing outside its arguments [DML-OBJ-0101]', () => {
    const impure = sources.filter(({ text }) => IMPURE.test(text)).map(({ path }) => path);
    expect(impure).toEqual([]);
    expect(sources.length).toBeGreaterThan(50);
  });

  it('imports a module of Node in one file only, for the hash [DML-OBJ-0101]', () => {
    const importing = sources
      .filter(({ text }) => /from 'node:|require\(/.test(text))
      .map(({ path }) => path);
    expect(importing).toEqual([join('hash', 'sha256-node.ts')]);
    const modules = sources.flatMap(({ text }) =>
      [...text.matchAll(/from '([^.'][^']*)'/g)].map((match) => match[1]),
    );
    expect([...new Set(modules)].sort()).toEqual([
      '#sha256',
      '@noble/hashes/sha2.js',
      'cbor-x',
      'node:crypto',
    ]);
  });
});
