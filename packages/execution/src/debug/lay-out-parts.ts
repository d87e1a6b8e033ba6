import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { RecordReader } from '@daggerml/repository';
import type { RunObjects } from '../objects/run-objects.ts';

/** Objects of a store and a folder that parts of a call are laid out in. */
export interface LayOutParts {
  readonly objects: RunObjects;
  readonly reader: RecordReader;
  readonly folder: string;
}

/** Characters that are written at one time. */
const BATCH = 65_536;

/** Writes text to a file that is not there yet, in bounded memory. */
export function writePieces(place: string, pieces: Iterable<string>): void {
  mkdirSync(dirname(place), { recursive: true });
  const file = openSync(place, 'wx');
  try {
    let text = '';
    for (const piece of pieces) {
      text += piece;
      if (text.length < BATCH) continue;
      writeSync(file, text);
      text = '';
    }
    writeSync(file, `${text}\n`);
  } finally {
    closeSync(file);
  }
}
