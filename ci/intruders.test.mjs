import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { storeNames } from '../packages/store/dist/store-folder/places.js';
import { root } from '../tools/run/workspace.mjs';
import { fixture, mend, withCopy } from './fixture.mjs';
import { runLinks } from './intruders/links.mjs';
import { COMMANDS, World } from './intruders/world.mjs';

const OF_STAMP = ['link to a file', 'second name'];

async function linksAt(program, pick) {
  const world = new World(program);
  onTestFinished(() => world.remove());
  await world.begin(storeNames('uuid'));
  const names = Object.keys(COMMANDS);
  return runLinks(world, storeNames, (_round, kind, place) => (pick(kind, place) ? names : []));
}

const atStamp = (kind, place) => place === 'store/stamp' && OF_STAMP.includes(kind);

it('is red on a program that writes to what is in the place of a file', async () => {
  const { broken, rounds } = await linksAt(join(fixture('intruders-red'), 'dml.mjs'), atStamp);
  expect(rounds).toBe(2);
  expect(broken).toContain('link to a file at .dml/store/stamp, run: something outside was changed');
  expect(broken).toContain('second name at .dml/store/stamp, init: something outside was changed');
});

it('is green once that program leaves it alone', async () => {
  await withCopy('intruders-red', async (folder) => {
    mend(join(folder, 'dml.mjs'), 'const refusesLinks = false', 'const refusesLinks = true');
    expect((await linksAt(join(folder, 'dml.mjs'), atStamp)).broken).toEqual([]);
  });
});

it('is green on dml for some of what it tries', async () => {
  const few = (kind, place) =>
    (kind === 'link to a file' && ['store/lock.mdb', 'store', '.gitignore'].includes(place)) ||
    atStamp(kind, place);
  const { broken, rounds } = await linksAt(join(root, 'packages/cli/dist/program/dml.js'), few);
  expect([broken, rounds]).toEqual([[], 5]);
});
