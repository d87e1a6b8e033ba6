/** Begins calls that stay pending in an adapter, as a process of its own, and answers with what polling them costs. */
import { setTimeout as pause } from 'node:timers/promises';
import { functions, Repository } from '@daggerml/bindings';
import { adaptersIn, writeAdapters } from './adapters.mjs';
import { timeMs, withFolder } from './harness.mjs';

/** Time in which the pauses between two polls of a call grow to the longest. */
const GROWTH_MS = 30_000;
/** Each call is polled three times. */
const MEASURED_MS = 30_000;
const count = Number(process.argv[2]);

await withFolder(async (folder) => {
  writeAdapters(folder);
  const options = adaptersIn(folder, { persistent: true, maxCalls: 1_000 });
  const repository = await Repository.init(folder, options);
  const dag = repository.newDag('calls');
  const { pending } = functions('dml+exec://dml-node');
  const calls = Array.from({ length: count }, (_, index) => dag.call(pending, index));
  await pause(GROWTH_MS);
  const before = process.cpuUsage();
  const spentMs = await timeMs(() => pause(MEASURED_MS));
  const { user, system } = process.cpuUsage(before);
  const open = calls.filter(({ status }) => status === 'pending').length;
  if (open !== count) throw new Error(`${open} of ${count} calls are pending`);
  process.stdout.write(JSON.stringify({ share: (user + system) / 1000 / spentMs }));
  dag.open.cancel('measured');
  await dag.close();
  await repository.close();
});
