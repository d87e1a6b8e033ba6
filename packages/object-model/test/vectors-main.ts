/** Writes the golden vectors: `pnpm --filter @daggerml/object-model vectors`. Published cases must not change. */
import { join } from 'node:path';
import { writeAllVectors } from './generate/all-vectors.ts';

const folder = process.argv[2] ?? join(process.cwd(), '../../vectors');
process.stdout.write(`${writeAllVectors(folder)} vectors in ${folder}\n`);
