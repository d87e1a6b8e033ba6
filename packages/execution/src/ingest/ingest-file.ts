import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { BlobDatum } from '@daggerml/object-model';
import { executionError } from '../errors.ts';
import { ownModule } from '../source-file.ts';
import type { PackedObjects } from '../worker/packed-objects.ts';
import { workerCode } from '../worker/worker-code.ts';
import type { FromIngest, IngestOrder, ToIngest } from './wire.ts';

/** Below this a thread takes longer to start than it saves. */
const MIN_BYTES = 32 * 1024 * 1024;

/** Whether a file is large enough to be read by a thread of its own; false as well for what cannot be read. */
export async function isWorthThread(path: string): Promise<boolean> {
  if (availableParallelism() < 2) return false;
  try {
    const found = await stat(path);
    return found.isFile() && found.size >= MIN_BYTES;
  } catch {
    return false;
  }
}

/**
 * Reads, cuts and hashes a file in a thread of its own while this one writes: waiting for the disk takes as long as
 * all the rest. `take` gets the chunks and pages in batches; what it throws ends the reading. Rejects with
 * `unreadable_file` as `fileStream` does.
 */
export async function ingestFile(path: string, take: (objects: PackedObjects) => void): Promise<BlobDatum> {
  const code = workerCode(ownModule('ingest/ingest-main'));
  const worker = new Worker(code.source ?? pathToFileURL(code.path), {
    eval: code.source !== undefined,
    env: {},
    execArgv: [],
    workerData: { path } satisfies IngestOrder,
  });
  try {
    return await new Promise<BlobDatum>((resolve, reject) => {
      worker.on('message', (message: FromIngest) => {
        switch (message.type) {
          case 'objects':
            try {
              take(message.objects);
              worker.postMessage({ type: 'taken' } satisfies ToIngest);
            } catch (error) {
              reject(error);
            }
            return;
          case 'done':
            return resolve(message.datum);
          case 'unreadable': {
            const { reason, cause } = message;
            return reject(executionError('unreadable_file', { path: message.path, reason }, cause));
          }
        }
      });
      worker.on('error', reject);
      worker.on('exit', () => reject(new Error('the thread that reads a file ended early')));
    });
  } finally {
    await worker.terminate();
  }
}
