import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeRecord } from '../src/index.ts';
import { sampleRecords } from './support/samples.ts';
import { bytesOfVector, type VectorFile } from './vector-case.ts';

/** Returns the inputs that fuzzing starts from: sample records, and every vector below 4 KiB. */
export function seedInputs(vectorFolder: string): Uint8Array[] {
  const inputs = sampleRecords().map(encodeRecord);
  const paths = readdirSync(vectorFolder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.json'),
  );
  for (const path of paths.sort()) {
    const { cases } = JSON.parse(readFileSync(join(vectorFolder, path), 'utf8')) as VectorFile;
    for (const { hex, operation } of cases) {
      if (hex === undefined || (operation !== 'record' && operation !== 'decode')) continue;
      const bytes = bytesOfVector(hex);
      if (bytes.length > 0 && bytes.length < 4096) inputs.push(bytes);
    }
  }
  return inputs;
}
