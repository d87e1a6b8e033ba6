import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cliReference } from './reference.ts';

writeFileSync(fileURLToPath(new URL('../../../../docs/cli.md', import.meta.url)), cliReference());
