import { datumRefusals, datumVectors, inlineVectors, jsonRefusals } from './datum-vectors.ts';
import { encodingRefusals, linkRefusals } from './encoding-vectors.ts';
import { directoryVectors, schemaVectors } from './map-vectors.ts';
import {
  commitVectors,
  dagVectors,
  execVectors,
  mutableVectors,
  nodeVectors,
  pageVectors,
  requestVectors,
} from './record-vectors.ts';
import { identityVectors, keyNameVectors, orderVectors, textVectors, uriVectors } from './text-vectors.ts';
import { type Draft, writeVectors } from './vector-file.ts';

/** Splits accepted from refused cases, since most runners treat them apart. */
function write(folder: string, area: string, drafts: readonly Draft[]): number {
  const accepted = drafts.filter((draft) => draft.error === undefined);
  const refused = drafts.filter((draft) => draft.error !== undefined);
  if (accepted.length > 0) writeVectors(folder, `${area}/accepted`, accepted);
  if (refused.length > 0) writeVectors(folder, `${area}/refused`, refused);
  return drafts.length;
}

/** Writes every file of vectors but those of search trees and blobs; returns the number of cases. */
export function writeAllVectors(folder: string): number {
  const counts = [
    write(folder, 'encoding', [...encodingRefusals(), ...linkRefusals()]),
    write(folder, 'identity', identityVectors()),
    write(folder, 'text', [...textVectors(), ...keyNameVectors(), ...orderVectors()]),
    write(folder, 'uri', uriVectors()),
    write(folder, 'datum', [...datumVectors(), ...datumRefusals()]),
    write(folder, 'element', inlineVectors()),
    write(folder, 'node', nodeVectors()),
    write(folder, 'dag', dagVectors()),
    write(folder, 'commit', commitVectors()),
    write(folder, 'exec', [...execVectors(), ...requestVectors()]),
    write(folder, 'mutable', mutableVectors()),
    write(folder, 'page', pageVectors()),
    write(folder, 'json', jsonRefusals()),
    write(folder, 'schema', schemaVectors()),
    write(folder, 'directory', directoryVectors()),
  ];
  return counts.reduce((sum, count) => sum + count, 0);
}
