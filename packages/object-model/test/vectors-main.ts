/** Writes the golden vectors: `pnpm --filter @daggerml/object-model vectors`. Published cases must not change. */
import { join } from 'node:path';
import { datumRefusals, datumVectors, inlineVectors, jsonRefusals } from './generate/datum-vectors.ts';
import { encodingRefusals, linkRefusals } from './generate/encoding-vectors.ts';
import {
  commitVectors,
  dagVectors,
  execVectors,
  mutableVectors,
  nodeVectors,
  pageVectors,
  requestVectors,
} from './generate/record-vectors.ts';
import {
  identityVectors,
  keyNameVectors,
  orderVectors,
  textVectors,
  uriVectors,
} from './generate/text-vectors.ts';
import { type Draft, writeVectors } from './generate/vector-file.ts';

const folder = process.argv[2] ?? join(process.cwd(), '../../vectors');

/** Splits accepted from refused cases, since most runners treat them apart. */
function write(area: string, drafts: readonly Draft[]): number {
  const accepted = drafts.filter((draft) => draft.error === undefined);
  const refused = drafts.filter((draft) => draft.error !== undefined);
  if (accepted.length > 0) writeVectors(folder, `${area}/accepted`, accepted);
  if (refused.length > 0) writeVectors(folder, `${area}/refused`, refused);
  return drafts.length;
}

const counts = [
  write('encoding', [...encodingRefusals(), ...linkRefusals()]),
  write('identity', identityVectors()),
  write('text', [...textVectors(), ...keyNameVectors(), ...orderVectors()]),
  write('uri', uriVectors()),
  write('datum', [...datumVectors(), ...datumRefusals()]),
  write('element', inlineVectors()),
  write('node', nodeVectors()),
  write('dag', dagVectors()),
  write('commit', commitVectors()),
  write('exec', [...execVectors(), ...requestVectors()]),
  write('mutable', mutableVectors()),
  write('page', pageVectors()),
  write('json', jsonRefusals()),
];
process.stdout.write(`${counts.reduce((sum, count) => sum + count, 0)} vectors in ${folder}\n`);
