import type { CommandSpec } from '../command.ts';
import { BLOB_LIMIT, PLACE, REMOTE } from './argument-texts.ts';

/** Commands that make and look after remotes. */
export const REMOTES: readonly CommandSpec[] = [
  {
    name: 'clone',
    group: 'Share',
    summary: 'Create a repository from a remote.',
    description:
      'The remote is called origin in it, and the branch main of the remote, or its only one, is the current branch.',
    arguments: {
      '<place>': PLACE,
      '[folder]': 'folder to create it in; named like the place by default',
    },
    options: {
      '--branch <name>': 'branch to begin on',
      '--depth <number>': 'bring only so many of the newest commits of each branch and tag',
      '--blob-limit <size>': BLOB_LIMIT,
      '--filter <filter>': 'the same as git writes it: blob:limit=1m, or blob:none',
      '--accept-excisions': 'take over which objects are excised there; they are then excised here for good',
    },
    conflicts: { '--filter <filter>': ['blobLimit'] },
    example: 'dml clone s3://team-data/forecasts',
    load: () => import('../../commands/clone.ts'),
  },
  {
    name: 'remote add',
    group: 'Share',
    summary: 'Add a remote: a folder or a bucket.',
    description:
      'A remote dml+remote://<name>/… is reached through the executable dml-remote-<name> of PATH. Credentials and regions are those of the tools of AWS: profiles, environment, roles. Nothing is written to the ' +
      'place before the first push.',
    arguments: {
      '<name>': 'name of the remote here; "origin" is the one that other commands take by default',
      '<place>': PLACE,
    },
    example: 'dml remote add origin /mnt/team/forecasts',
    load: () => import('../../commands/remote-add.ts'),
  },
  {
    name: 'remote list',
    group: 'Share',
    summary: 'List the remotes of this repository.',
    example: 'dml remote list',
    load: () => import('../../commands/remote-list.ts'),
  },
  {
    name: 'remote trust',
    group: 'Share',
    summary: 'Say whose outcomes in the cache of a remote are trusted, or show it.',
    description:
      'Outcomes that are not trusted are as good as not there. Without a choice all are trusted: whoever can write to ' +
      'the remote can then decide results.',
    arguments: {
      '<name>': 'name of the remote',
      '[keys]': 'did:keys of those whose signatures are trusted, separated by commas',
    },
    options: {
      '--unsigned': 'also trust outcomes that none of these keys has signed',
      '--all': 'trust all, as at first',
    },
    conflicts: { '--all': ['unsigned'] },
    example: 'dml remote trust origin did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
    load: () => import('../../commands/remote-trust.ts'),
  },
  {
    name: 'remote remove',
    aliases: ['rm'],
    group: 'Share',
    summary: 'Forget a remote and its tracking refs; what lies there stays.',
    arguments: { '<name>': 'a remote of this repository' },
    example: 'dml remote remove origin',
    load: () => import('../../commands/remote-remove.ts'),
  },
  {
    name: 'remote check',
    group: 'Share',
    summary: 'Find out whether a remote keeps what pushes rely on.',
    description:
      'Lets many writers race for one file, counts what they write, and reads and lists it at once; what it writes is ' +
      'removed. The executable of a remote dml+remote://<name>/… is held to its protocol first. Ends with 13 for a remote ' +
      'on which the work of others could be overwritten.',
    arguments: { '[remote]': `${REMOTE}; or the place itself, such as dml+remote://<name>/…` },
    options: { '--limit <seconds>': 'longest time for all of it; 180 by default' },
    example: 'dml remote check',
    load: () => import('../../commands/remote-check.ts'),
  },
  {
    name: 'remote verify',
    group: 'Share',
    summary: 'Find files of a remote that are missing or damaged.',
    description:
      'Compares a listing of the remote with the files that its state names; nothing is written. Ends with 11 where one is missing ' +
      'or has another size. "dml verify" looks at this repository instead.',
    arguments: { '[remote]': `${REMOTE}; or the place itself` },
    options: { '--content': 'read and hash all files, which takes as long as a clone' },
    example: 'dml remote verify --content',
    load: () => import('../../commands/remote-verify.ts'),
  },
  {
    name: 'remote repair',
    group: 'Share',
    summary: 'Put back what a remote has lost, from this repository.',
    description:
      'Puts what missing and damaged files held and what the branches and tags reach, as far as it is here or can be read there. ' +
      'No branch moves. Ends with 11 where something is still lacking; run it in another repository then.',
    arguments: { '[remote]': REMOTE },
    options: { '--content': 'read and hash all files first, to find those that have changed' },
    example: 'dml remote repair --content',
    load: () => import('../../commands/remote-repair.ts'),
  },
  {
    name: 'remote log',
    group: 'Share',
    summary: 'List what happened on a remote, the newest first.',
    arguments: { '[remote]': REMOTE },
    options: { '-n, --count <number>': 'how many changes; 20 by default' },
    example: 'dml remote log',
    load: () => import('../../commands/remote-log.ts'),
  },
  {
    name: 'remote restore',
    group: 'Share',
    summary: 'Put a state of a remote in effect again that has lost its CURRENT.json.',
    description:
      'CURRENT.json names the newest state of a remote; where it was deleted or damaged, the states are still there. Nothing is done to a remote that is in order.',
    arguments: { '[remote]': REMOTE },
    options: {
      '--at <state>': 'its sequence or name; the newest one of which all files are there by default',
      '--dry-run': 'print which state it would be; nothing is written',
    },
    example: 'dml remote restore --dry-run',
    load: () => import('../../commands/remote-restore.ts'),
  },
  {
    name: 'claim list',
    group: 'Share',
    summary: 'List who computes what on a remote.',
    description:
      'A claim that is not renewed within its lease is taken over by whoever wants the same call next; nothing has to be cleaned up.',
    arguments: { '[remote]': REMOTE },
    options: { '--all': 'claims that are released or finished as well' },
    example: 'dml claim list',
    load: () => import('../../commands/claim-list.ts'),
  },
  {
    name: 'remote gc',
    group: 'Share',
    summary: 'Delete what no branch or tag of a remote reaches.',
    description:
      'Safe beside pushes and fetches of others, however long they take. What is excised here is taken out there as well.',
    arguments: { '[remote]': REMOTE },
    options: {
      '--dry-run': 'list what would be deleted and why; nothing is written',
      '--keep-states <number>': 'states of the journal of the remote to keep; 1000 by default',
      '--drop-cache':
        'delete all outcomes of the shared cache as well; calls of branches and tags stay known, others run again',
    },
    example: 'dml remote gc --dry-run',
    load: () => import('../../commands/remote-gc.ts'),
  },
];
