import { copyFileSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DmlError, hashBytes } from '@daggerml/object-model';
import { nodeEnvironment } from '../../src/node-environment.ts';
import { openStore } from '../../src/open-store.ts';
import type { Store } from '../../src/store.ts';
import { refsAfter } from '../rows.ts';
import { seededBytes, seededRandom, seededUuids } from './damage-runs.ts';

/** Reads everything a user can reach and counts bytes that are not what was put. */
async function readAll(store: Store, expected: ReadonlySet<string>): Promise<number> {
  let wrong = 0;
  for (const id of expected) {
    try {
      const bytes = store.get('chunk', id as never);
      if (bytes !== undefined && hashBytes(bytes) !== id) wrong += 1;
    } catch (error) {
      if (!(error instanceof DmlError)) throw error;
    }
  }
  for (const ref of store.readRefs()) {
    if (store.getRef(ref.name)?.commitId !== ref.commitId) wrong += 1;
  }
  const rebuilt = await refsAfter(store, store.stateVersion());
  for (const ref of store.readRefs()) if (rebuilt.get(ref.name) !== ref.commitId) wrong += 1;
  return wrong;
}

function writeSome(store: Store, random: () => number): void {
  for (let round = 0; round < 4; round += 1) {
    store.transact('write', (transaction) => {
      for (let index = 0; index < 100; index += 1)
        transaction.put('chunk', seededBytes(random, index % 25 === 0 ? 9000 : 150));
      transaction.setMeta('head', `refs/heads/h${round}`);
    });
  }
}

/**
 * Opens, reads and writes the file named by every line of standard input, one after the other, and answers
 * each with a line: `ok`, an error code with its detail, or `wrong`.
 */
async function main(): Promise<void> {
  const [folder, idsFile] = process.argv.slice(2) as [string, string];
  const expected = new Set(readFileSync(idsFile, 'utf8').split('\n').filter(Boolean));
  for (const name of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
    let answer: string;
    // What is written does not differ from one run to the next.
    const random = seededRandom(Number.parseInt(name, 10));
    try {
      copyFileSync(join(folder, 'stamp'), join(folder, 'store', 'stamp'));
      copyFileSync(join(folder, name), join(folder, 'store', 'data.mdb'));
      const store = await openStore(join(folder, 'store'), {
        mode: Number.parseInt(name, 10) % 2 === 0 ? 'read' : 'write',
        environment: nodeEnvironment({ randomUuid: seededUuids(random), nowMs: () => 1_000_000 }),
      });
      try {
        const wrong = await readAll(store, expected);
        answer = wrong === 0 ? 'ok' : `wrong ${wrong}`;
        if (!store.isReadOnly) writeSome(store, random);
      } finally {
        await store.close();
      }
    } catch (error) {
      answer =
        error instanceof DmlError ? `${error.code} ${error.detail}` : `other ${(error as Error).stack}`;
    }
    writeSync(1, `${answer.replaceAll('\n', ' ')}\n`);
  }
}

await main();
