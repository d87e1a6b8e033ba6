import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { judge } from './harness.mjs';

const CALLS = 10_000;
const child = join(import.meta.dirname, 'pending.child.mjs');

export async function run() {
  const { share } = JSON.parse(execFileSync(process.execPath, [child, `${CALLS}`], { encoding: 'utf8' }));
  return [
    judge('DML-EXE-2680', {
      what: `time on a processor to poll ${CALLS} pending calls of a persistent adapter`,
      against: 'the time that passes',
      value: share * 100,
      unit: ' %',
      atMost: 5,
    }),
  ];
}
