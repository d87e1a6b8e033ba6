import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { childProgram } from '../child-program.ts';
import { seededRandom } from './damage-runs.ts';
import type { StrangerConfig, StrangerOrder } from './stranger.child.ts';

/** Answer of a stranger. */
interface Answer {
  readonly acknowledged?: string;
  readonly refused?: string;
  readonly detail?: string;
  readonly message?: string;
  readonly findings?: number;
  readonly swept?: number;
  readonly rows?: number;
}

/** Surroundings of a process: its user, process namespace and view of `/proc`. */
interface Place {
  readonly uid?: number;
  readonly hidesProc?: boolean;
  readonly ownNamespace?: boolean;
}

/** Result of a kind of encounter. */
export interface StrangerFigures {
  readonly name: string;
  readonly rounds: number;
  /** Commits that were said to be kept. */
  readonly acknowledged: number;
  /** Writers that were refused, by code and detail. */
  readonly refused: Readonly<Record<string, number>>;
  readonly swept: number;
  readonly compactions: number;
  readonly broken: readonly string[];
}

/** Abilities of processes on this machine; what it does not allow is printed and left out. */
export interface Abilities {
  readonly users: boolean;
  readonly namespaces: boolean;
  readonly hiddenProc: boolean;
}

export interface StrangerOptions {
  readonly folder: string;
  readonly rounds: number;
  readonly abilities: Abilities;
  /** True to have writers write without the fence, which has to be noticed. */
  readonly unfenced?: boolean;
  /** The one kind to play; all when absent. */
  readonly only?: string | undefined;
}

/** Returns the program and arguments that start a child in a place. */
function commandIn({ uid, hidesProc, ownNamespace }: Place, program: readonly string[]): string[] {
  let command = [...program];
  if (uid !== undefined)
    command = ['setpriv', '--reuid', `${uid}`, '--regid', `${SHARED_GROUP}`, '--clear-groups', ...command];
  if (hidesProc === true)
    command = [
      'unshare',
      '--mount',
      'sh',
      '-c',
      'mount -t proc -o hidepid=2 proc /proc; exec "$@"',
      'sh',
      ...command,
    ];
  if (ownNamespace === true)
    command = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', ...command];
  // Who is in the group may write what the others make, as in a shared repository.
  return ['sh', '-c', 'umask 2; exec "$@"', 'sh', ...command];
}

/** A process of somebody else, which does with a store what it is told. */
class Stranger {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #errors = '';

  constructor(config: StrangerConfig, place: Place = {}) {
    const program = [process.execPath, childProgram('crash/stranger'), JSON.stringify(config)];
    const [command = '', ...args] = commandIn(place, program);
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr?.on('data', (piece) => {
      this.#errors += piece;
    });
    this.#child.stdin?.on('error', () => {});
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })[
      Symbol.asyncIterator
    ]();
  }

  order(order: StrangerOrder): void {
    this.#child.stdin?.write(`${order}\n`);
  }

  async answer(): Promise<Answer> {
    const { value, done } = await this.#lines.next();
    if (done === true) return { refused: 'ended', message: this.#errors };
    return JSON.parse(value as string) as Answer;
  }

  async tell(order: StrangerOrder): Promise<Answer> {
    this.order(order);
    return await this.answer();
  }

  async end(signal?: 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'close');
    if (signal === undefined) this.#child.stdin?.end();
    else this.#child.kill(signal);
    await ended;
  }
}

/** Counts what strangers answer, and holds what they were promised against the store in the end. */
class Ledger {
  readonly #name: string;
  readonly #broken: string[] = [];
  readonly #refused: Record<string, number> = {};
  #rounds = 0;
  #acknowledged = 0;
  #swept = 0;
  #compactions = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** Notes an answer and returns it. */
  note(answer: Answer): Answer {
    if (answer.acknowledged !== undefined) this.#acknowledged += 1;
    if (answer.swept !== undefined) this.#swept += answer.swept;
    if (answer.rows !== undefined) this.#compactions += 1;
    if (answer.refused !== undefined) {
      const reason = [answer.refused, answer.detail].filter(Boolean).join('/');
      this.#refused[reason] = (this.#refused[reason] ?? 0) + 1;
      if (/damaged|defect|none|ended/.test(reason)) this.fail(`${reason}: ${answer.message}`);
    }
    return answer;
  }

  fail(problem: string): void {
    this.#broken.push(`round ${this.#rounds}: ${problem}`);
  }

  expect(isTrue: boolean, problem: string): void {
    if (!isTrue) this.fail(problem);
  }

  /** Looks at the store after a round, with fresh eyes. */
  async settle(path: string): Promise<void> {
    this.#rounds += 1;
    const judge = new Stranger({ path, name: 'judge' });
    const opened = await judge.tell('open');
    this.expect(opened.refused === undefined, `cannot be opened: ${opened.message}`);
    const { findings, message } = await judge.tell('verify');
    this.expect(findings === 0, `verify: ${findings} findings ${message ?? ''}`);
    await judge.tell('close');
    await judge.end();
  }

  figures(): StrangerFigures {
    return {
      name: this.#name,
      rounds: this.#rounds,
      acknowledged: this.#acknowledged,
      refused: this.#refused,
      swept: this.#swept,
      compactions: this.#compactions,
      broken: this.#broken,
    };
  }
}

interface Encounter {
  readonly path: string;
  readonly ledger: Ledger;
  readonly round: number;
  start(config: Omit<StrangerConfig, 'path'>, place?: Place): Promise<Stranger>;
}

/** Two meet over a store: what one has staged has to be named by it in the end, or refused. */
type Kind = (encounter: Encounter) => Promise<void>;

const USERS = [1001, 1002] as const;
const SHARED_GROUP = 2000;

/** Plays a writer that others have to take for alive, whatever they see of it; everything acknowledged is kept. */
function liveWriter(writer: Place, other: Place): Kind {
  return async ({ ledger, start }) => {
    const a = await start({ name: 'writer' }, writer);
    ledger.note(await a.tell('stage'));
    const b = await start({ name: 'collector' }, other);
    ledger.note(await b.tell('collect'));
    await b.tell('close');
    const compacted = ledger.note(await b.tell('compact'));
    ledger.expect(compacted.detail === 'open_elsewhere', 'a store in use was compacted');
    const named = ledger.note(await a.tell('name'));
    ledger.expect(named.acknowledged !== undefined, `a writer that lives was refused: ${named.refused}`);
  };
}

/** Plays a writer whose row others delete by force, before or while they collect: refused, or kept by its own ref. */
const evictedWriter: Kind = async ({ ledger, start, round }) => {
  const a = await start({ name: 'writer' });
  ledger.note(await a.tell('stage'));
  const b = await start({ name: 'collector' });
  await b.tell('evict');
  b.order('collect');
  if (round % 2 === 1) ledger.note(await b.answer());
  const named = ledger.note(await a.tell('name'));
  if (round % 2 === 0) ledger.note(await b.answer());
  ledger.expect(
    named.refused === 'session_lost',
    `named after it was taken for dead: ${JSON.stringify(named)}`,
  );
};

/** Answers that a store may give while everybody does everything to it at once. */
const HONEST = /^(session_lost|gc_refused|compaction_refused|store_busy|ref_target_missing)$/;
const ORDERS: readonly StrangerOrder[] = ['stage', 'name', 'name', 'collect', 'evict', 'stage'];

/** Plays several that write, collect and end each other's sessions, all at once. */
const everybody: Kind = async ({ ledger, start, round }) => {
  const random = seededRandom(round + 1);
  const act = async (name: string): Promise<void> => {
    const stranger = await start({ name });
    for (let turn = 0; turn < 25; turn += 1) {
      const order = turn === 0 ? 'stage' : (ORDERS[Math.floor(random() * ORDERS.length)] as StrangerOrder);
      const { refused, message } = ledger.note(await stranger.tell(order));
      if (refused === undefined) continue;
      ledger.expect(HONEST.test(refused), `${order}: ${refused} ${message}`);
      if (refused !== 'session_lost') continue;
      // What its author is told to do: close, open again, do the work again.
      await stranger.tell('close');
      await stranger.tell('open');
      ledger.note(await stranger.tell('stage'));
    }
  };
  await Promise.all(['ada', 'bob', 'eve', 'dan'].map(act));
};

/** Plays two whose processes have one number and use the store one after the other. */
const sameNumber: Kind = async ({ ledger, start, path }) => {
  const a = await start({ name: 'writer' }, { ownNamespace: true });
  ledger.note(await a.tell('stage'));
  const b = new Stranger({ path, name: 'other', lockWaitMs: 1_500 }, { ownNamespace: true });
  const refused = ledger.note(await b.tell('open'));
  ledger.expect(
    refused.detail === 'process_number',
    `not told who has the number: ${JSON.stringify(refused)}`,
  );
  ledger.expect(ledger.note(await a.tell('name')).acknowledged !== undefined, 'the first one was disturbed');
  // One that waits gets its turn.
  const c = new Stranger({ path, name: 'third' }, { ownNamespace: true });
  c.order('open');
  await sleep(300);
  await a.end('SIGKILL');
  const opened = ledger.note(await c.answer());
  ledger.expect(opened.refused === undefined, `not let in: ${JSON.stringify(opened)}`);
  ledger.note(await c.tell('collect'));
  await b.end();
  await c.end();
};

/** Plays one that is killed in another namespace, in the middle of its work, and hinders nobody for a moment. */
function killedElsewhere(killAt: string, work: StrangerOrder): Kind {
  return async ({ ledger, start, path }) => {
    const a = await start({ name: 'writer', killAt }, { ownNamespace: true });
    ledger.note(await a.tell('stage'));
    if (work === 'compact') await a.tell('close');
    const ended = await a.tell(work);
    ledger.expect(ended.refused === 'ended', `was not killed at ${killAt}: ${JSON.stringify(ended)}`);
    await a.end();
    const b = await start({ name: 'next' });
    for (const order of ['collect', 'close', 'compact'] as const) {
      const answer = ledger.note(await b.tell(order));
      ledger.expect(answer.refused === undefined, `${order} is hindered: ${JSON.stringify(answer)}`);
      ledger.expect(answer.swept !== 0, 'what a dead session had staged was kept');
    }
    const left = readdirSync(path).filter((name) => name.startsWith('compact'));
    ledger.expect(left.length === 0, `left behind: ${left.join(', ')}`);
  };
}

/** An encounter, and whose the store is. */
interface PlayedKind {
  readonly name: string;
  readonly kind: Kind;
  readonly isPossible: boolean;
  readonly owner?: Place;
}

/** Returns every kind of encounter, with what it needs of the machine. */
function kinds({ users, namespaces, hiddenProc }: Abilities): PlayedKind[] {
  const [first, second] = USERS;
  return [
    {
      name: 'two users, /proc hidden',
      kind: liveWriter({ uid: first, hidesProc: true }, { uid: second, hidesProc: true }),
      isPossible: users && hiddenProc,
      owner: { uid: first },
    },
    {
      name: 'two users',
      kind: liveWriter({ uid: first }, { uid: second }),
      isPossible: users,
      owner: { uid: first },
    },
    { name: 'two process namespaces', kind: liveWriter({ ownNamespace: true }, {}), isPossible: namespaces },
    { name: 'two namespaces, one number', kind: sameNumber, isPossible: namespaces },
    {
      name: 'killed in another namespace, collecting',
      kind: killedElsewhere('gc/surveyed', 'collect'),
      isPossible: namespaces,
    },
    ...['marked', 'built', 'unstamped', 'renamed'].map((moment) => ({
      name: `killed in another namespace, compacting, ${moment}`,
      kind: killedElsewhere(`compact/${moment}`, 'compact'),
      isPossible: namespaces,
    })),
    { name: 'session row deleted by force', kind: evictedWriter, isPossible: true },
    { name: 'everybody at once', kind: everybody, isPossible: true },
  ];
}

async function runKind(
  { name, kind, owner = {} }: PlayedKind,
  { folder, rounds, unfenced }: StrangerOptions,
): Promise<StrangerFigures> {
  const ledger = new Ledger(name);
  const place = join(folder, name.replaceAll(/\W+/g, '-'));
  mkdirSync(place);
  chmodSync(place, 0o777);
  for (let round = 0; round < rounds; round += 1) {
    const path = join(place, `store-${round}`);
    const all: Stranger[] = [];
    const start: Encounter['start'] = async (config, where = {}) => {
      const stranger = new Stranger({ path, ...config, ...(unfenced === true && { unfenced }) }, where);
      all.push(stranger);
      const opened = await stranger.tell('open');
      ledger.expect(opened.refused === undefined, `${config.name} cannot open: ${JSON.stringify(opened)}`);
      return stranger;
    };
    // A collection needs a root.
    const base = await start({ name: 'base' }, owner);
    await base.tell('stage');
    await base.tell('name');
    await base.end();
    await kind({ path, ledger, round, start });
    for (const stranger of all) await stranger.end();
    await ledger.settle(path);
  }
  return ledger.figures();
}

/** Plays encounters of strangers over stores, all that this machine can; what it cannot is named. */
export async function runStrangers(
  options: StrangerOptions,
): Promise<{ readonly figures: StrangerFigures[]; readonly notRun: string[] }> {
  const figures: StrangerFigures[] = [];
  const notRun: string[] = [];
  for (const played of kinds(options.abilities)) {
    if (options.only !== undefined && options.only !== played.name) continue;
    if (played.isPossible) figures.push(await runKind(played, options));
    else notRun.push(played.name);
  }
  return { figures, notRun };
}
