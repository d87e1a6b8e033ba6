import type { CommandSpec } from '../command.ts';
import { COMMIT_NAME, PLACE, REMOTE } from './argument-texts.ts';

/** Commands for what is published across owners. */
export const FEDERATION: readonly CommandSpec[] = [
  {
    name: 'publish',
    group: 'Share',
    summary: 'Make a commit visible to other teams, read-only, signed by the key of your domain.',
    description:
      'Publications lie on a remote of their own, since whoever may read a bucket may read all of it: branches are never ' +
      'put there. What was published once stays there. Values short enough to be guessed cannot be withheld.',
    arguments: { '[commit]': `what to publish, the current commit by default: ${COMMIT_NAME}` },
    options: {
      '--as <name>': 'name of the publication; that of the branch or tag by default',
      '--remote <name>': REMOTE,
      '--sign <file>': 'PEM file with the Ed25519 key that names your domain',
      '--withhold <what>':
        'leave out blobs:<size> (above it), dags:<pattern> or value:<name>; may be given several times',
      '--release': 'give away what was withheld before and is not now; it cannot be taken back',
      '--reference <name>': 'publish a reference of yours along with it; may be given several times',
      '--dry-run': 'print what would be put and withheld; nothing is written',
      '--end <name>': 'say that nothing follows a publication any more',
      '--list': 'list what is published on the remote',
    },
    conflicts: {
      '--end': ['list', 'as', 'withhold', 'release', 'reference', 'dryRun'],
      '--list': ['as', 'sign', 'withhold', 'release'],
    },
    repeatable: ['--withhold <what>', '--reference <name>'],
    takesReference: true,
    example: 'dml publish main --as model --remote public --sign domain.pem --withhold blobs:100MB',
    load: () => import('../../commands/publish.ts'),
  },
  {
    name: 'reference add',
    group: 'Share',
    summary: 'Take what another team has published, under a name of yours.',
    description:
      'A reference is a read-only name of a commit: it stands wherever a commit is named, is kept when its remote is ' +
      'gone, and only its domain moves it. The key of the domain is remembered and has to stay the same.',
    arguments: {
      '<name>': 'name of the reference here',
      '<remote>': `a remote of this repository, or a place: ${PLACE}`,
      '<published>': 'name of the publication there',
    },
    options: {
      '--domain <did:key>':
        'key of the domain, as its owner told you; the one that is found at first by default',
      '--accept-excisions': 'take over which objects are excised there; they are then excised here for good',
    },
    example: 'dml reference add weather s3://weather-team/public model',
    load: () => import('../../commands/reference-add.ts'),
  },
  {
    name: 'reference list',
    group: 'Share',
    summary: 'List references, with domain and commit.',
    example: 'dml reference list',
    load: () => import('../../commands/reference-list.ts'),
  },
  {
    name: 'reference update',
    group: 'Share',
    summary: 'Take what the domains of references have published since.',
    arguments: { '[name]': 'a reference; all by default' },
    options: {
      '--accept-excisions': 'take over which objects are excised there; they are then excised here for good',
    },
    example: 'dml reference update weather',
    load: () => import('../../commands/reference-update.ts'),
  },
  {
    name: 'reference end',
    group: 'Share',
    summary: 'End a reference; what it led to is kept.',
    arguments: { '<name>': 'a reference' },
    example: 'dml reference end weather',
    load: () => import('../../commands/reference-end.ts'),
  },
  {
    name: 'snapshot',
    group: 'Share',
    summary: 'Keep all branches and references as they are, under one id.',
    description:
      'The id depends on nothing but the branches and references with their commits, so equal parts have one id ' +
      'everywhere. What a snapshot reaches is kept from "dml gc" until it is removed.',
    options: { '--list': 'list the snapshots that are kept', '--remove <id>': 'keep a snapshot no longer' },
    conflicts: { '--list': ['remove'] },
    example: 'dml snapshot',
    load: () => import('../../commands/snapshot.ts'),
  },
];
