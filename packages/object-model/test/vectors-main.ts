/** Completes the golden vectors: `pnpm --filter @daggerml/object-model vectors`. Published cases must not change. */
import { completeVectors } from './complete-vectors.ts';
import { VECTOR_FOLDER } from './vector-files.ts';

const folder = process.argv[2] ?? VECTOR_FOLDER;
process.stdout.write(`${completeVectors(folder)} vectors in ${folder}\n`);
