import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cliReference } from './reference.ts';

describe('docs/cli.md', () => {
  it('is the help of all commands [DML-CLI-0308]', () => {
    const written = readFileSync(new URL('../../../../docs/cli.md', import.meta.url), 'utf8');
    expect(cliReference(), 'npm run dml -- docs are stale: pnpm --filter @daggerml/cli docs').toBe(written);
    expect(written).toContain('## dml wip prune\n');
    expect(written).toContain('$ dml gc --dry-run\n');
  });
});
