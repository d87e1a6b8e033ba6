import type { CommandSpec } from '../command.ts';
import { BLOB_LIMIT, REMOTE } from './argument-texts.ts';

/** Commands that fetch from remotes and push to them. */
export const EXCHANGE: readonly CommandSpec[] = [
  {
    name: 'fetch',
    group: 'Share',
    summary: 'Bring what a remote has, and move the tracking refs.',
    description:
      'The branches of a remote are <remote>/<branch> here, such as origin/main; "dml pull" also merges one.',
    arguments: { '[remote]': REMOTE },
    options: {
      '-p, --prune': 'remove tracking refs of branches that the remote does not have any more',
      '--depth <number>':
        'bring the newest commits of each branch and tag, so many, also those that were left out',
      '--unshallow': 'bring all commits that were left out',
      '--missing': 'bring everything that was left out, and leave out nothing from now on',
      '--blob-limit <size>': `${BLOB_LIMIT}; that of the clone by default`,
      '--accept-excisions': 'take over which objects are excised there; they are then excised here for good',
    },
    conflicts: {
      '--missing': ['depth', 'unshallow', 'blobLimit'],
      '--unshallow': ['depth'],
    },
    example: 'dml fetch',
    load: () => import('../../commands/fetch.ts'),
  },
  {
    name: 'pull',
    group: 'Share',
    summary: 'Fetch, and merge a branch of the remote into the current branch.',
    description:
      'Moves the branch forward where it has no commits of its own, and merges otherwise as "dml merge" does.',
    arguments: {
      '[remote]': REMOTE,
      '[branch]': 'branch of the remote; that of the same name as the current one by default',
    },
    options: {
      '--ff-only': 'move the branch forward, or refuse',
      '--ours': 'take what is here wherever both sides changed something',
      '--theirs': 'take what the remote has there',
      '--take <dag=side>':
        'take a dag and the outcomes of its calls from one side: sales=ours or sales=theirs; may be given for each',
      '-m, --message <text>': 'message of the commit, where there is one',
      '--accept-excisions': 'take over which objects are excised there; they are then excised here for good',
    },
    conflicts: { '--ours': ['theirs'], '--ff-only': ['ours', 'theirs', 'take', 'message'] },
    repeatable: ['--take <dag=side>'],
    example: 'dml pull',
    load: () => import('../../commands/pull.ts'),
  },
  {
    name: 'push',
    group: 'Share',
    summary: 'Send branches and tags to a remote, with all that they reach.',
    description:
      'All of them move together or not at all, and only forward: where the remote has commits that are not here, pull first.',
    arguments: {
      '[remote]': REMOTE,
      '[branch...]':
        'branches; the current one by default. <here>:<there> sends a branch or commit under another name',
    },
    options: {
      '--all': 'every branch',
      '--tags': 'every tag',
      '-d, --delete': 'delete the branches on the remote; refs/tags/<name> stands for a tag',
      '--force-with-lease[=commit]':
        'move a branch there also to a commit that is no descendant, if it is where it was last seen, or at the commit',
      '-n, --dry-run': 'print objects, requests, bytes and price; nothing is written',
      '--tariff <prices>':
        'dollars for 1,000 writes, 1,000 reads and a GiB a month: put=0.005,get=0.0004,gib=0.023 by default',
    },
    example: 'dml push origin main',
    load: () => import('../../commands/push.ts'),
  },
  {
    name: 'cache push',
    group: 'Share',
    summary: 'Publish outcomes that were computed here to the shared cache of a remote.',
    description:
      'For what ran without "dml run --remote". Others find them with "dml run --remote" or "dml cache pull". Outcomes that the remote has stay; ' +
      'failures that are recorded are published as well, as by a run.',
    arguments: {
      '[remote]': REMOTE,
      '[name...]':
        'branches, tags, commits and dags whose calls are published, with those that these made; the current branch by default',
    },
    options: {
      '--all': 'calls of all branches and tags, with their history, and of work in progress',
      '--sign <file>':
        'sign with the Ed25519 key in a PEM file; what was computed elsewhere is left out then',
      '--dry-run': 'print calls, objects, requests, bytes and price; nothing is written',
      '--tariff <prices>':
        'dollars for 1,000 writes, 1,000 reads and a GiB a month: put=0.005,get=0.0004,gib=0.023 by default',
    },
    example: 'dml cache push origin main',
    load: () => import('../../commands/cache-push.ts'),
  },
  {
    name: 'cache pull',
    group: 'Share',
    summary: 'Take outcomes of the shared cache of a remote, to find them without it.',
    description:
      'Takes the outcomes of every function that this repository has, so fetch the branches first. What "dml remote trust" does not trust is left out. ' +
      'They are kept until "dml wip prune" and "dml gc".',
    arguments: {
      '[remote]': REMOTE,
      '[name...]': 'branches, tags, commits and dags: only outcomes of functions that they call',
    },
    options: { '--dry-run': 'read what would be taken and print how much it is; nothing is written' },
    example: 'dml cache pull origin',
    load: () => import('../../commands/cache-pull.ts'),
  },
];
