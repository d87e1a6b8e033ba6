/** Repositories of other users, and of a group: as two users without an entry in the list of users. Needs root. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Tally } from './tally.mjs';
import { COMMANDS, fingerprint } from './world.mjs';

const ADA = { uid: 61_001, gid: 61_001 };
const BOB = { uid: 61_002, gid: 61_002 };
const TEAM = 61_100;

function as(user, umask = '022') {
  const { uid, gid } = user;
  const rights = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, `--groups=${TEAM}`];
  return [...rights, 'sh', '-c', `umask ${umask}; exec "$@"`, 'sh'];
}

function give(folder, user, gid = user.gid) {
  const all = (path) => {
    chownSync(path, user.uid, gid);
    if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) all(join(path, name));
  };
  all(folder);
}

function homeOf(world, user) {
  const home = join(world.folder, `home-${user.uid}`);
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home);
  chownSync(home, user.uid, user.gid);
  return home;
}

/** Checks whether the process may act as other users. */
export function canBeOthers() {
  return process.geteuid?.() === 0 && spawnSync('setpriv', ['--version']).status === 0;
}

/** Runs each command of one user in the repository of another, before and after it is trusted. */
export async function runForeign(world) {
  const tally = new Tally();
  const project = world.copy('foreign');
  give(project, ADA);
  chmodSync(project, 0o1777);
  const below = join(project, 'below');
  mkdirSync(below);
  chownSync(below, BOB.uid, BOB.gid);
  const env = { HOME: homeOf(world, BOB) };
  const before = fingerprint(join(project, '.dml'));
  for (const [name, argv] of Object.entries(COMMANDS)) {
    if (name === 'init') continue;
    tally.rounds += 1;
    const line = name === 'run' ? ['run', join(project, 'pipeline.mjs')] : argv;
    for (const cwd of [project, below]) {
      const end = await world.dml(line, { cwd, env, prefix: as(BOB) });
      tally.end(`${name} of a stranger`, end, [13]);
      tally.check(name, end.stderr.includes(`dml trust ${project}`), 'does not say how to trust it');
    }
  }
  tally.check('strangers', fingerprint(join(project, '.dml')) === before, 'changed the repository');
  await tally.run(world, 'trust', ['trust', '.'], { cwd: below, env, prefix: as(BOB) });
  tally.end(
    'status once trusted',
    await world.dml(['--repo', project, 'verify'], { cwd: below, env, prefix: as(BOB) }),
    [0, 10],
  );
  // Root is a stranger as well, but for whoever called sudo.
  tally.end('status of root', await world.dml(['status'], { cwd: project }), [13]);
  const sudo = { SUDO_UID: String(ADA.uid) };
  await tally.run(world, 'status by sudo', ['status'], { cwd: project, env: sudo });
  await tally.run(world, 'run by sudo', COMMANDS.run, { cwd: project, env: { ...sudo, ROUND: '9' } });
  await tally.run(world, 'compact by sudo', COMMANDS.compact, { cwd: project, env: sudo });
  for (const name of readdirSync(join(project, '.dml/store'))) {
    const { uid, gid } = lstatSync(join(project, '.dml/store', name));
    tally.check(`${name} after sudo`, uid === ADA.uid && gid === ADA.gid, `belongs to ${uid}:${gid}`);
  }
  await tally.run(world, 'run of the owner', COMMANDS.run, {
    cwd: project,
    env: { HOME: homeOf(world, ADA), ROUND: '10' },
    prefix: as(ADA),
  });
  rmSync(project, { recursive: true, force: true });
  return tally;
}

/** Runs every command of each member of a group in a repository that they share. */
export async function runShared(world, rounds) {
  const tally = new Tally();
  const project = world.copy('shared');
  rmSync(join(project, '.dml'), { recursive: true });
  give(project, ADA, TEAM);
  chmodSync(project, 0o2775);
  const members = [ADA, BOB].map((user) => ({ user, env: { HOME: homeOf(world, user) } }));
  const [ada, bob] = members;
  await tally.run(world, 'init', ['init'], { cwd: project, env: ada.env, prefix: as(ADA, '002') });
  for (const { user, env } of members)
    await tally.run(world, 'trust', ['trust', project], { cwd: project, env, prefix: as(user) });
  for (let round = 0; round < rounds; round += 1) {
    for (const umask of ['022', '077']) {
      for (const { user, env } of [ada, bob, bob, ada]) {
        tally.rounds += 1;
        for (const name of ['run', 'compact', 'verify', 'status', 'gc']) {
          const where = `${name} of member ${user.uid}, umask ${umask}`;
          const options = {
            cwd: project,
            env: { ...env, ROUND: `${tally.rounds}` },
            prefix: as(user, umask),
          };
          await tally.run(world, where, COMMANDS[name], options);
          for (const file of readdirSync(join(project, '.dml/store'))) {
            const { mode, gid } = lstatSync(join(project, '.dml/store', file));
            const rights = `${(mode & 0o777).toString(8)} of group ${gid}`;
            tally.check(where, rights === `664 of group ${TEAM}`, `leaves ${file} with rights ${rights}`);
          }
        }
      }
    }
  }
  rmSync(project, { recursive: true, force: true });
  return tally;
}

/** Checks whether the process may create mounts. */
export function canMount() {
  return process.geteuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;
}

/** Runs every command without /proc, and the reading ones on a read-only mount. */
export async function runMounts(world) {
  const tally = new Tally();
  const project = world.copy('mounts');
  const within = (script) => ['unshare', '-m', 'sh', '-c', `${script} && exec "$@"`, 'sh'];
  const noProc = within('umount -l /proc');
  for (const [name, argv] of Object.entries(COMMANDS)) {
    tally.rounds += 1;
    const end = await world.dml(argv, { cwd: project, prefix: noProc, env: { ROUND: '3' } });
    tally.end(`${name} without /proc`, end, [0]);
  }
  const readOnly = within(
    `mount --bind ${project} ${project} && mount -o remount,bind,ro ${project}; cd ${project}`,
  );
  for (const name of ['status', 'show', 'verify']) {
    tally.rounds += 1;
    await tally.run(world, `${name}, read-only`, COMMANDS[name], { cwd: project, prefix: readOnly });
  }
  for (const name of ['run', 'gc', 'compact'])
    tally.end(
      `${name}, read-only`,
      await world.dml(COMMANDS[name], { cwd: project, prefix: readOnly }),
      [10],
    );
  rmSync(project, { recursive: true, force: true });
  return tally;
}
