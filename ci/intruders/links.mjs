/** Puts what does not belong there into every place of a repository and runs every kind of command. */
import { spawnSync } from 'node:child_process';
import { linkSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { Tally } from './tally.mjs';
import { COMMANDS, fingerprint } from './world.mjs';

const UUID = '00112233-4455-6677-8899-aabbccddeeff';

/** Places below `.dml`, those of the store from its own list. */
export function placesOf(storeNames) {
  return [
    '.gitignore',
    'remotes.json',
    'store',
    `store.new-77-${UUID}`,
    `store.new-77-${UUID}/data.mdb`,
    `store.new-77-${UUID}/creator`,
    ...storeNames(UUID).map((name) => `store/${name}`),
    `store/compact-${UUID}/data.mdb`,
    `store/compact-${UUID}/lock.mdb`,
  ];
}

/** Intruders by kind, each created at `place`; nothing below `mine` may be touched. */
const INTRUDERS = {
  'link to a file': (place, mine) => symlinkSync(join(mine, 'file'), place),
  'link to a folder': (place, mine) => symlinkSync(mine, place),
  'link to nothing': (place, mine) => symlinkSync(join(mine, 'not-there'), place),
  'link to itself': (place) => symlinkSync(place, place),
  'link to a device': (place) => symlinkSync('/dev/full', place),
  'second name': (place, mine) => linkSync(join(mine, 'file'), place),
  pipe: (place) => void spawnSync('mkfifo', [place]),
  folder: (place) => {
    mkdirSync(place);
    writeFileSync(join(place, 'note'), 'mine');
  },
  file: (place) => writeFileSync(place, 'nothing of a store\n'),
  socket: (place) => listenAt(place),
};

const servers = [];
async function listenAt(place) {
  const server = createServer();
  await new Promise((resolve) => server.once('error', resolve).listen(place, resolve));
  servers.push(server);
}

/** Refused, or done without what is there. */
const ALLOWED = [0, 5, 6, 10, 11, 12, 13];

/** Runs the rounds; `pick` returns the commands to run in each, none where it is left out. */
export async function runLinks(world, storeNames, pick) {
  const tally = new Tally();
  const before = fingerprint(world.mine);
  for (const place of placesOf(storeNames)) {
    for (const [kind, make] of Object.entries(INTRUDERS)) {
      const where = `${kind} at .dml/${place}`;
      const names = pick(tally.rounds, kind, place);
      if (names.length === 0) continue;
      tally.rounds += 1;
      const project = world.copy('round');
      await intrude(
        join(project, '.dml', place),
        (path) => make(path, world.mine),
        async () => {
          for (const name of names) {
            const end = await world.dml(COMMANDS[name], {
              cwd: project,
              env: { ROUND: String(tally.rounds) },
            });
            tally.end(`${where}, ${name}`, end, ALLOWED);
            if (fingerprint(world.mine) === before) continue;
            tally.broken.push(`${where}, ${name}: something outside was changed`);
            world.fillMine(storeNames('uuid'));
          }
        },
      );
      tally.end(`${where}, verify once it is gone`, await world.dml(['verify'], { cwd: project }), [0]);
      tally.end(`${where}, show once it is gone`, await world.dml(['show', 'report'], { cwd: project }), [0]);
      rmSync(project, { recursive: true, force: true });
    }
  }
  for (const server of servers.splice(0)) server.close();
  return tally;
}

/** Puts something in the place of what is at a path, which comes back afterwards. */
async function intrude(path, make, body) {
  const aside = `${path}.aside`;
  const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  if (isThere) renameSync(path, aside);
  const madeParent = mkdirSync(dirname(path), { recursive: true });
  await make(path);
  await body();
  rmSync(path, { recursive: true, force: true });
  if (madeParent !== undefined) rmSync(madeParent, { recursive: true, force: true });
  if (isThere) renameSync(aside, path);
}
