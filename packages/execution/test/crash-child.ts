import { pathToFileURL } from 'node:url';
import { FunctionCapture, functions } from '@daggerml/capture';
import { openStore } from '@daggerml/store';
import { lowerValue } from '@daggerml/values';
import { captureCall } from '../src/capture-call.ts';
import { Executor } from '../src/executor.ts';

/** Completes one call and hangs in the next; the parent kills it in between. */
const [storePath, stepsFile] = process.argv.slice(2) as [string, string];
const store = await openStore(storePath, { mode: 'write', create: true });
const executor = new Executor({ store, size: 2 });
const { run, objects } = executor.openRun({ workName: 'crash', base: undefined, actor: 'child' });
const steps = functions<{ quick: () => number; hang: () => number }>(pathToFileURL(stepsFile));
const capture = new FunctionCapture();
const input = run.addLiteral(lowerValue(1, objects, ''));
const quick = run.addCall(captureCall(steps.quick, capture, objects), [input]);
run.addCall(captureCall(steps.hang, capture, objects), [quick]);
await run.settled(quick);
process.stdout.write(`${quick.execId}\n`);
