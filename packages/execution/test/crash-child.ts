import { pathToFileURL } from 'node:url';
import { functions } from '@daggerml/capture';
import { openStore } from '@daggerml/store';
import { lowerValue } from '@daggerml/values';
import { Executor } from '../src/executor/executor.ts';

/** Completes one call and hangs in the next; the parent kills it in between. */
const [storePath, stepsFile] = process.argv.slice(2) as [string, string];
const store = await openStore(storePath, { mode: 'write', create: true });
const executor = new Executor({ store, size: 2 });
const { run, objects } = executor.openRun({ workName: 'crash', base: undefined, actor: 'child' });
const steps = functions<{ quick: () => number; hang: () => number }>(pathToFileURL(stepsFile));
const input = run.addLiteral(lowerValue(1, objects, ''));
const quick = run.addCall(executor.captureFunction(steps.quick, objects), [input]);
run.addCall(executor.captureFunction(steps.hang, objects), [quick]);
await run.settled(quick);
process.stdout.write(`${quick.execId}\n`);
