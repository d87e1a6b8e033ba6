/** Completes the golden vectors: `pnpm --filter @daggerml/object-model vectors`. Published cases must not change. */
import { join } from 'node:path';
import { completeVectors } from './complete-vectors.ts';

const folder = process.argv[2] ?? join(process.cwd(), '../../vectors');
process.stdout.write(`${completeVectors(folder)} vectors in ${folder}\n`);
