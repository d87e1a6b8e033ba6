import { parentPort } from 'node:worker_threads';
import { type BlobDatum, BlobWriter, isDmlError } from '@daggerml/object-model';
import { fileStream } from '../files/read-file.ts';
import { BatchingSink } from './batching-sink.ts';
import type { FromIngest, IngestOrder, ToIngest } from './wire.ts';

/** The main module of a thread that cuts files into chunks, hashes them and hands them over. */
const port = parentPort;
if (!port) throw new Error('this module is the main module of a worker thread');
const send = (message: FromIngest, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

/** Batches that may be on their way or waiting at the other end. */
const MAX_WAITING = 4;

let waiting = 0;
let onTaken: (() => void) | undefined;

port.on('message', (message: ToIngest) => {
  if (message.type === 'order') {
    void answer(message.order);
    return;
  }
  waiting -= 1;
  onTaken?.();
});

async function ingest({ path, seen }: IngestOrder): Promise<BlobDatum> {
  const sink = new BatchingSink((objects) => {
    waiting += 1;
    send({ type: 'objects', objects }, [objects.bytes.buffer]);
  });
  const writer = new BlobWriter(sink);
  for await (const piece of fileStream(path, seen)) {
    writer.write(piece);
    while (waiting >= MAX_WAITING) {
      await new Promise<void>((resolve) => {
        onTaken = resolve;
      });
    }
  }
  const datum = writer.finish();
  sink.flush();
  return datum;
}

async function answer(order: IngestOrder): Promise<void> {
  try {
    send({ type: 'done', datum: await ingest(order) });
  } catch (error) {
    if (!isDmlError(error) || error.code !== 'unreadable_file') throw error;
    const { path, reason } = error.fields as { path: string; reason: string };
    send({ type: 'unreadable', path, reason, cause: error.cause });
  }
}
