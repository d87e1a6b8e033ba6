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
      '--prune': 'remove tracking refs of branches that the remote does not have any more',
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
      '[branch...]': 'branches; the current one by default. <here>:<there> sends one under another name',
    },
    options: {
      '--all': 'every branch',
      '--tags': 'every tag',
      '-d, --delete': 'delete the branches on the remote',
      '--force-with-lease [commit]':
        'move a branch there also to a commit that is no descendant, if it is where it was last seen, or at the commit',
      '--dry-run': 'print objects, requests, bytes and price; nothing is written',
      '--tariff <prices>':
        'dollars for 1,000 writes, 1,000 reads and a GiB a month: put=0.005,get=0.0004,gib=0.023 by default',
    },
    example: 'dml push origin main',
    load: () => import('../../commands/push.ts'),
  },
];
