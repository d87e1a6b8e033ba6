import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { CommitId, NodeId } from '@daggerml/object-model';
import { runGc } from '../../src/gc/run.ts';
import { openStore } from '../../src/open-store.ts';
import { headRef } from '../../src/refs/ref-name.ts';
import type { Store } from '../../src/store.ts';
import type { WriteTransaction } from '../../src/write-transaction.ts';
import { putCall, putCommit, putDag, putLiteral, putText } from '../records.ts';

const PER_TRANSACTION = 50_000;
/** Literal nodes one commit of the filling holds. */
const NODES_PER_COMMIT = 1_000;

function mebibytes(field: 'VmHWM' | 'RssAnon' | 'RssFile' | 'VmRSS'): number {
  const status = readFileSync('/proc/self/status', 'latin1');
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
}

/** Calls of one layer; each call takes a literal and one call of the layer before. */
const LAYER_CALLS = 25;

/** Puts one commit over layers of calls, each with a literal of its own. */
function putLayers(transaction: WriteTransaction, label: string, parent: CommitId | undefined): CommitId {
  const functionUri = `https://example.org/${label}`;
  const calls: NodeId[] = [];
  for (let index = 0; index < NODES_PER_COMMIT; index += 1) {
    const literal = putLiteral(transaction, putText(transaction, `value ${label} ${index}`));
    const before = calls[index - LAYER_CALLS];
    calls.push(putCall(transaction, functionUri, before === undefined ? [literal] : [before, literal]));
  }
  const bench = putDag(transaction, putCall(transaction, functionUri, calls.slice(-LAYER_CALLS)));
  const parents = parent === undefined ? [] : [parent];
  return putCommit(transaction, { dags: { bench }, parents, message: label });
}

/** Fills the store with `objects` objects: every other commit hangs on `main`, the rest on nothing. */
function fill(store: Store, objects: number): void {
  const commits = Math.max(2, Math.round(objects / (3 * NODES_PER_COMMIT + 4)));
  const perTransaction = Math.max(1, Math.floor(PER_TRANSACTION / (3 * NODES_PER_COMMIT)));
  let tip: CommitId | undefined;
  for (let from = 0; from < commits; from += perTransaction) {
    store.transact('fill', (transaction) => {
      for (let index = from; index < Math.min(commits, from + perTransaction); index += 1) {
        const commitId = putLayers(transaction, `c${index}`, index % 2 === 0 ? tip : undefined);
        if (index % 2 === 0) tip = commitId;
      }
    });
  }
  const facts = { ref: headRef('main'), expected: null, actor: 'bench', reason: 'fill' };
  if (!store.updateRef({ ...facts, next: tip as CommitId }).applied) throw new Error('the head was not set');
  store.checkpoint();
}

async function collect(path: string): Promise<void> {
  const before = mebibytes('VmRSS');
  const store = await openStore(path, { mode: 'write' });
  let peakAnonymous = 0;
  let peakMapped = 0;
  const phases = new Map<string, number>();
  let last = performance.now();
  const started = last;
  const report = await runGc(store, {
    onProgress: ({ phase }) => {
      const now = performance.now();
      phases.set(phase, (phases.get(phase) ?? 0) + now - last);
      last = now;
      peakAnonymous = Math.max(peakAnonymous, mebibytes('RssAnon'));
      peakMapped = Math.max(peakMapped, mebibytes('RssFile'));
    },
  });
  const elapsed = performance.now() - started;
  const figures = {
    objects: report.plan.kept.objects + report.plan.garbage.objects,
    kept: report.plan.kept.objects,
    swept: report.swept.objects,
    sweptMiB: Math.round(report.swept.bytes / 2 ** 20),
    fileMiB: Math.round(statSync(join(path, 'data.mdb')).size / 2 ** 20),
    seconds: Number((elapsed / 1000).toFixed(2)),
    microsecondsPerObject: Number(
      ((elapsed * 1000) / (report.plan.kept.objects + report.plan.garbage.objects)).toFixed(2),
    ),
    phaseMs: Object.fromEntries([...phases].map(([phase, ms]) => [phase, Math.round(ms)])),
    rssBeforeMiB: Math.round(before),
    peakRssMiB: Math.round(mebibytes('VmHWM')),
    peakAnonymousMiB: Math.round(peakAnonymous),
    peakMappedMiB: Math.round(peakMapped),
  };
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  await store.close();
}

/**
 * Measures a collection of a store with `--objects` objects, half of them garbage.
 * Filling and collecting run in two processes, so that the figures are those of collecting alone.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((argument) => argument !== '--'),
    options: { objects: { type: 'string', default: '100000' }, collect: { type: 'string' } },
  });
  if (values.collect !== undefined) return collect(values.collect);
  const folder = mkdtempSync(join(tmpdir(), 'dml-gc-bench-'));
  try {
    const path = join(folder, 'store');
    const store = await openStore(path, { mode: 'write', create: true });
    const started = performance.now();
    fill(store, Number(values.objects));
    process.stderr.write(`filled in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
    await store.close();
    const { spawnSync } = await import('node:child_process');
    const script = process.argv[1] as string;
    const child = spawnSync(process.execPath, [script, '--collect', path], { stdio: 'inherit' });
    process.exitCode = child.status ?? 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
