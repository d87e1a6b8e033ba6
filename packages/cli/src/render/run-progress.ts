import type { Dag } from '@daggerml/bindings';
import type { CallOutcome, RunReport } from '@daggerml/execution';
import type { NodeId } from '@daggerml/object-model';
import { shortId } from '@daggerml/repository';
import { printedLines } from '../process/console.ts';
import { type AmbientWarning, ambientWarnings, leftOutLines, warningLines } from './ambient-warning.ts';
import type { FailedCall } from './failed-calls.ts';
import { liveBlock, type OpenCall } from './live-block.ts';
import type { Output } from './output.ts';
import { formatDuration, formatInteger } from './quantities.ts';
import { RunPace } from './run-pace.ts';
import { SlowestCalls, type TimedCall } from './slowest-calls.ts';
import { shortPath } from './source-position.ts';

/** Milliseconds between two redraws of the live block. */
const REDRAW_MS = 100;
/** Milliseconds between two lines about one long piece of work, where no line is rewritten. */
const REPEAT_MS = 5000;
/** Columns of an outcome with the gap after it. */
const OUTCOME_COLUMNS = 9;
/** Paths that are named before the others are counted. */
const MAX_PATHS = 3;
/** Executed calls that get a line of their own before the others are counted. */
const MAX_EXECUTED = 20;

interface ProgressOptions {
  nowMs(): number;
  readonly cwd: string | undefined;
  /** True when each call that runs has a line of its own. */
  readonly isVerbose?: boolean;
}

/** The part of a dag under construction that progress reads. */
type KnownDag = Pick<Dag, 'describeCall'> & Partial<Pick<Dag, 'callCount'>>;

type Captured = RunReport & { readonly type: 'directory-captured' };
type Waiting = RunReport & { readonly type: 'call-waiting' };
type Finished = RunReport & { readonly type: 'call-finished' };

/**
 * Progress of a run: a line for each of the first calls that run and for each that fails, a live block of what is open,
 * all other calls counted by function.
 */
export class RunProgress {
  readonly #output: Output;
  readonly #nowMs: () => number;
  readonly #cwd: string | undefined;
  readonly #running = new Map<string, { readonly name: string; readonly sinceMs: number }>();
  /** Calls that wait for the claim of somebody else. */
  readonly #waiting = new Map<string, { readonly name: string; readonly sinceMs: number }>();
  readonly #maxExecuted: number;
  /** Calls without a line of their own, by outcome and function. */
  readonly #counted = new Map<CallOutcome, Map<string, number>>();
  /** The first call that failed in each way. */
  readonly #firstFailures = new Map<string, FailedCall>();
  #done = 0;
  #isClosed = false;
  #executed = 0;
  #cached = 0;
  readonly #pace: RunPace;
  readonly #slowest = new SlowestCalls();
  #dag: KnownDag | undefined;
  #toldMs: number | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Failed calls in the order in which they failed. */
  readonly failedCalls: FailedCall[] = [];

  /** Outside reads of the functions of the run. */
  readonly warnings: AmbientWarning[] = [];
  readonly #leftOut = new Set<string>();
  /** Functions that threw although they have retries. */
  readonly #unusedRetries = new Set<string>();
  /** Processes that run calls which the run waits for. */
  readonly #neighbours = new Set<number>();
  /** Owners of claims that calls of the run have waited for. */
  readonly #owners = new Set<string>();

  constructor(output: Output, { nowMs, cwd, isVerbose = false }: ProgressOptions) {
    this.#output = output;
    this.#nowMs = nowMs;
    this.#pace = new RunPace(nowMs());
    this.#cwd = cwd;
    this.#maxExecuted = isVerbose ? Number.POSITIVE_INFINITY : MAX_EXECUTED;
  }

  /** Takes one event of the run; without a dag calls go by their names alone. */
  readonly onEvent = (event: RunReport, dag?: KnownDag): void => {
    switch (event.type) {
      case 'call-started':
        this.#waiting.delete(event.nodeId);
        if (!this.#output.isLive) return;
        this.#dag = dag;
        this.#running.set(event.nodeId, { name: callName(event, dag).call, sinceMs: this.#nowMs() });
        this.#timer ??= setInterval(() => this.#draw(), REDRAW_MS);
        return;
      case 'ambient-inputs': {
        const warnings = ambientWarnings(event.functionName, event.ambientInputs, this.#cwd);
        this.warnings.push(...warnings);
        // @spec DML-CLI-0723
        if (warnings.length > 0) this.#warn(warningLines(event.functionName, warnings));
        // @spec DML-CAP-0019
        for (const file of event.leftOut) this.#warnLeftOut(event.functionName, file);
        return;
      }
      case 'call-retried':
        this.#print(
          `  ${this.#output.noteStyle('yellow', 'retry')}    ${this.#output.safe(`${callName(event, dag).call}  ${event.code}: ${event.reason}`)}`,
        );
        return;
      case 'call-elsewhere':
        if (this.#neighbours.has(event.pid)) return;
        this.#neighbours.add(event.pid);
        // @spec DML-CLI-1900
        this.#print(
          `  ${this.#output.noteStyle('yellow', 'wait')}     ${this.#output.safe(`${callName(event, dag).call}  process ${event.pid} runs it; this run takes the outcome`)}`,
        );
        return;
      case 'call-waiting':
        return this.#waits(event, dag);
      case 'sharing-failed':
        // @spec DML-REM-1232
        return this.#output.note(
          `the remote failed (${event.operation}), and the run goes on without it: ${this.#output.safe(event.reason)}; "dml cache push" publishes later what it did not`,
        );
      case 'call-output':
        for (const line of printedLines(event.text))
          this.#print(`  ${this.#output.safe(`${event.name} | ${line}`)}`);
        return;
      case 'value-progress':
        return this.#atWork(`storing a value: ${counted(event.members, 'member')}`);
      case 'directory-progress':
        return this.#atWork(`capturing ${event.path}: ${counted(event.files, 'file')}`);
      case 'directory-captured':
        return this.#captured(event);
      case 'call-finished':
        this.#running.delete(event.nodeId);
        this.#waiting.delete(event.nodeId);
        this.#finished(event, dag);
        return;
    }
  };

  /** Takes an event of a run that is only planned: what is captured, and nothing of calls. */
  readonly onCapture = (event: RunReport, dag?: KnownDag): void => {
    if (!event.type.startsWith('call-')) this.onEvent(event, dag);
  };

  /** The calls that took longest, the longest first. */
  get slowest(): readonly TimedCall[] {
    return this.#slowest.calls;
  }

  /** Ends the live block and reports the calls without a line of their own; closing twice says it once. */
  close(): void {
    clearInterval(this.#timer);
    this.#output.live();
    const outcomes = [...this.#counted];
    this.#counted.clear();
    for (const [outcome, counts] of outcomes) {
      const style = outcome === 'executed' ? 'green' : outcome === 'cached' ? 'cyan' : 'dim';
      const title = this.#output.noteStyle(style, outcome);
      const gap = ' '.repeat(Math.max(1, OUTCOME_COLUMNS - outcome.length));
      const more = outcome === 'executed' ? ' more' : '';
      // @spec DML-CLI-0728
      for (const [name, count] of counts) {
        const times = count > 1 || more !== '' ? ` × ${formatInteger(count)}${more}` : '';
        this.#output.note(`  ${title}${gap}${name}${times}`);
      }
    }
    if (this.#isClosed) return;
    this.#isClosed = true;
    // @spec DML-CLI-1973
    for (const line of this.#slowest.lines(this.#output.safe)) this.#output.note(line);
  }

  /**
   * Shows that a call waits for the claim of somebody else; each owner has a line of its own once.
   *
   * @spec DML-CLI-3804
   */
  #waits(event: Waiting, dag: KnownDag | undefined): void {
    const { nodeId, owner } = event;
    const isNew = !this.#owners.has(owner);
    if (!isNew && !this.#output.isLive) return;
    const { call } = callName(event, dag);
    if (isNew) {
      this.#owners.add(owner);
      this.#print(
        `  ${this.#output.noteStyle('yellow', 'wait')}     ${this.#output.safe(`${call}  waiting for ${owner}, who runs it; this run takes the outcome`)}`,
      );
    }
    if (!this.#output.isLive) return;
    this.#dag = dag;
    this.#waiting.set(nodeId, { name: `${call}  for ${owner}`, sinceMs: this.#nowMs() });
    this.#timer ??= setInterval(() => this.#draw(), REDRAW_MS);
  }

  #finished(event: Finished, dag: KnownDag | undefined): void {
    const { outcome, durationMs, functionName } = event;
    this.#done += 1;
    if (outcome === 'cached') this.#cached += 1;
    if (!event.fromCache && (outcome === 'executed' || outcome === 'failed')) this.#pace.add(this.#nowMs());
    if (outcome === 'failed') return this.#failed(event, dag);
    if (outcome === 'executed') {
      this.#executed += 1;
      this.#slowest.add(event.nodeId, durationMs, () => callName(event, dag).call);
    }
    // @spec DML-CLI-2904
    if (outcome === 'executed' && this.#executed <= this.#maxExecuted) {
      // A call is not described for nobody.
      if (!this.#output.printsNotes) return;
      // @spec DML-CLI-1502
      const call = this.#output.safe(callName(event, dag).call);
      const id = this.#output.noteStyle('dim', shortId(event.nodeId));
      const title = this.#output.noteStyle('green', 'executed');
      return this.#print(`  ${title} ${call}  ${formatDuration(durationMs)}  ${id}`);
    }
    const counts = this.#counted.get(outcome) ?? new Map<string, number>();
    const name = this.#output.safe(functionName);
    this.#counted.set(outcome, counts.set(name, (counts.get(name) ?? 0) + 1));
    // A terminal has the live block. @spec DML-CLI-2905
    if (!this.#output.isLive) this.#atWork(`${counted(this.#done, 'call')} done`);
  }

  #failed(event: Finished, dag: KnownDag | undefined): void {
    const { nodeId, failure } = event;
    const { call, inputs } = callName(event, dag);
    const { code = '', message = '', trace = [] } = failure ?? {};
    const isRecorded = failure?.class === 'deterministic';
    const failed: FailedCall = { nodeId, isRecorded, call, inputs, code, message, trace };
    const failureKey = JSON.stringify([code, message, trace]);
    const like = this.#firstFailures.get(failureKey);
    if (like === undefined) this.#firstFailures.set(failureKey, failed);
    this.failedCalls.push(failed);
    const known = event.fromCache ? ' (recorded earlier)' : '';
    // @spec DML-CLI-1504
    const why = like === undefined ? `${code}: ${message}` : `like ${like.call}`;
    // @spec DML-CLI-1704
    const id = isRecorded ? `  ${shortId(nodeId)}` : '';
    const [first = '', ...more] = `${call}${id}  ${why}${known}`.split(/\r?\n/);
    this.#print(`  ${this.#output.noteStyle('red', 'failed')}   ${this.#output.safe(first)}`);
    for (const line of more) this.#print(`           ${this.#output.safe(line)}`);
    // @spec DML-CLI-0725
    if (like === undefined) for (const each of trace) this.#print(`           ${this.#output.safe(each)}`);
    if (event.retriesUnused) this.#warnUnusedRetries(event.functionName);
  }

  /** @spec DML-CLI-1916 */
  #warnUnusedRetries(functionName: string): void {
    if (this.#unusedRetries.has(functionName)) return;
    this.#unusedRetries.add(functionName);
    this.#warn([
      `${functionName} has retries, which do not cover what it throws:`,
      "name the errors that may pass, as in retryOn: ['ECONNRESET'], or give retryOn: 'throw'",
    ]);
  }

  /** Reports progress of long work, during which no timer fires. */
  #atWork(text: string): void {
    const nowMs = this.#nowMs();
    this.#toldMs ??= nowMs;
    const { isLive } = this.#output;
    if (nowMs - this.#toldMs < (isLive ? REDRAW_MS : REPEAT_MS)) return;
    this.#toldMs = nowMs;
    const line = `  ${this.#output.safe(text)}`;
    // @spec DML-CLI-0727
    if (isLive) this.#output.live([line]);
    else this.#output.note(line);
  }

  /** @spec DML-CLI-0726 */
  #captured(event: Captured): void {
    const { path, filteredFiles, leftOut } = event;
    const named = leftOut.slice(0, MAX_PATHS);
    const more = leftOut.length - named.length;
    const without = [
      ...named,
      ...(more > 0 ? [`${more} more by their names`] : []),
      ...(filteredFiles > 0 ? [`${counted(filteredFiles, 'file')} by the filter`] : []),
    ].join(', ');
    const told = `${path}  ${takenOf(event)}${without === '' ? '' : `, without ${without}`}`;
    this.#print(`  ${this.#output.noteStyle('cyan', 'captured')} ${this.#output.safe(told)}`);
  }

  #warn([first = '', ...more]: readonly string[]): void {
    this.#print(`  ${this.#output.noteStyle('yellow', 'warning')}  ${this.#output.safe(first)}`);
    for (const line of more) this.#print(`           ${this.#output.safe(line)}`);
  }

  #warnLeftOut(functionName: string, file: string): void {
    if (this.#leftOut.has(file)) return;
    this.#leftOut.add(file);
    this.#warn(leftOutLines(functionName, shortPath(file, this.#cwd)));
  }

  #print(line: string): void {
    this.#output.live();
    this.#output.note(line);
  }

  #draw(): void {
    const nowMs = this.#nowMs();
    const openOf = (calls: Iterable<{ readonly name: string; readonly sinceMs: number }>): OpenCall[] =>
      Array.from(calls, ({ name, sinceMs }) => ({
        call: this.#output.safe(name),
        elapsedMs: nowMs - sinceMs,
      }));
    const running = openOf(this.#running.values());
    const waiting = openOf(this.#waiting.values());
    if (running.length + waiting.length === 0) return this.#output.live();
    const standing = {
      executed: this.#executed,
      cached: this.#cached,
      failed: this.failedCalls.length,
      done: this.#done,
      known: this.#dag?.callCount,
      perSecond: this.#pace.perSecond(nowMs),
      running,
      waiting,
    };
    this.#output.live(liveBlock(standing, this.#output.maxLiveLines));
  }
}

/**
 * Returns what was taken of a folder: `1,204 files (3 read, the others unchanged), 2 links, 1 empty folder`.
 *
 * @spec DML-CLI-0771
 */
function takenOf({ files, readFiles, links, emptyFolders }: Captured): string {
  const known =
    readFiles === 0 ? ' (unchanged)' : ` (${formatInteger(readFiles)} read, the others unchanged)`;
  return [
    `${counted(files, 'file')}${readFiles < files ? known : ''}`,
    ...(links > 0 ? [counted(links, 'link')] : []),
    ...(emptyFolders > 0 ? [counted(emptyFolders, 'empty folder')] : []),
  ].join(', ');
}

/** Returns `1 file`, `120,000 files`. */
function counted(count: number, noun: string): string {
  return `${formatInteger(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Returns a call with its small inputs, behind its label where it has one. */
function callName(
  {
    nodeId,
    name,
    ...event
  }: { readonly nodeId: NodeId; readonly name: string; readonly functionName?: string },
  dag: KnownDag | undefined,
): { readonly call: string; readonly inputs: readonly string[] } {
  const described = dag?.describeCall(nodeId);
  if (described === undefined) return { call: name, inputs: [] };
  const { text, inputs } = described;
  const isLabelled = name !== (event.functionName ?? text.slice(0, text.indexOf('(')));
  return { call: isLabelled ? `${name}: ${text}` : text, inputs };
}
