import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startBucket } from './bucket-server.ts';
import { runClaimers } from './run-claimers.ts';

/**
 * Runs `--processes` that bring `--keys` keys together, each with `--held` claims at a time, over a folder, with `--bucket` over
 * a bucket of this process, or over the remote `--uri`. Ends with 1 where they do not integrate one result of each key.
 */
const { values } = parseArgs({
  options: {
    processes: { type: 'string', default: '64' },
    keys: { type: 'string', default: '1000' },
    held: { type: 'string', default: '32' },
    work: { type: 'string', default: '500' },
    bucket: { type: 'boolean', default: false },
    uri: { type: 'string' },
  },
});

const write = (text: string): void => void process.stdout.write(`${text}\n`);
const keys = Number(values.keys);
const folder = mkdtempSync(join(tmpdir(), 'dml-claimers-'));
const bucket = values.bucket ? await startBucket(process.env) : undefined;
const uri = values.uri ?? bucket?.uri ?? `dml+remote://file${join(folder, 'remote')}`;
const beganMs = performance.now();
const children: ChildProcess[] = [];
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
const { integrated, ended, computed, requests } = await runClaimers(
  Array.from({ length: Number(values.processes) }, (_, number) => ({
    uri,
    number,
    keys,
    maxHeld: Number(values.held),
    leaseMs: 60_000,
    workMs: Number(values.work),
  })),
  bucket?.env ?? process.env,
  (child) => children.push(child),
);
await bucket?.server.close();
rmSync(folder, { recursive: true, force: true });
const single = integrated.filter((execIds) => execIds.size === 1 && !execIds.has(null)).length;
const perKey = (count: number): string => (count / keys).toFixed(2);
write(`${ended} processes, ${keys} keys, ${Math.round((performance.now() - beganMs) / 1_000)} s`);
write(`keys with one result in all processes: ${single}`);
write(`computations: ${computed.reduce((sum, count) => sum + count, 0)}`);
const isOfClaims = (kind: string): boolean => kind === 'now' || kind.endsWith(' claims');
const total = (kinds: readonly string[]): number =>
  kinds.reduce((sum, kind) => sum + (requests.get(kind) ?? 0), 0);
const kinds = [...requests.keys()].sort();
const others = kinds.filter((kind) => !isOfClaims(kind));
write(
  `requests for a key: ${perKey(total(kinds.filter(isOfClaims)))} for claims, ${perKey(total(others))} others`,
);
for (const kind of kinds) write(`  ${kind}: ${perKey(requests.get(kind) ?? 0)}`);
process.exitCode = single === keys ? 0 : 1;
