import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DatumId, hashBytes } from '@daggerml/object-model';
import { applyExcision, planExcision } from '@daggerml/store';
import { SeededRandom } from '@daggerml/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CapturePlace } from '../../test/capture-place.ts';
import { RunObjects } from '../objects/run-objects.ts';
import type { WalkRequest } from './folder-walk.ts';

let place: CapturePlace;
beforeEach(async () => {
  place = await CapturePlace.create();
});
afterEach(() => place.close());

/** Captures the folder in a run of its own. */
async function captured(request: Partial<WalkRequest>): Promise<DatumId> {
  const objects = new RunObjects(place.store);
  const datumId = await place.capture({ objects }, request);
  objects.writeAll();
  return datumId;
}

describe('the memory of a folder that several runs write', () => {
  it('gives what reading everything gives, whatever the runs saw and in which order they wrote [DML-EXE-0866]', async () => {
    const random = new SeededRandom(3);
    const paths = place.writeMany(1500);
    const requests: Partial<WalkRequest>[] = [
      {},
      { filter: (path) => path.endsWith('7') },
      { keepsForms: false, filter: (path) => !path.includes('d01') },
    ];
    for (let round = 0; round < 4; round += 1) {
      const running = requests.map(captured);
      // While they are under way.
      await new Promise(setImmediate);
      for (let change = 0; change < 40; change += 1) {
        const path = join(place.folder, random.pick(paths));
        rmSync(path, { force: true });
        if (random.below(3) > 0) writeFileSync(path, `${round} ${change}`);
      }
      // One that met a file which had just gone is refused.
      await Promise.allSettled(running);
      for (const request of requests)
        expect(await place.capture({}, request)).toBe(await place.afresh(request));
    }
  });
});

describe('a remembered file whose content is not there', () => {
  it('is refused when the content was excised, as a file that is read is [DML-EXE-0866]', async () => {
    place.writeMany(100);
    const file = place.write('secret', 'personal');
    await place.capture();
    const objectId = hashBytes<'chunk'>(Buffer.from('personal'));
    const plan = await planExcision(place.store, { objects: [{ class: 'chunk', objectId }] });
    applyExcision(place.store, plan, { reason: 'personal-data', message: 'asked to forget', actor: 'test' });
    for (const knowsFiles of [true, false]) {
      const captured = place.capture({ knowsFiles }).then(() => place.objects.writeAll());
      await expect(captured, `${knowsFiles}`).rejects.toMatchObject({ detail: 'excised' });
    }
    rmSync(file);
    await place.capture();
    place.objects.writeAll();
  });
});
