import { parentPort } from 'node:worker_threads';
import { type BlobDatum, BlobWriter, isDmlError } from '@daggerml/object-model';
import { fileStream } from '../files/read-file.ts';
import { BatchSender } from '../worker/batch-sender.ts';
import type { FromIngest, IngestOrder, ToIngest } from './wire.ts';

/** The main module of a thread that cuts files into chunks, hashes them and hands them over. */
const port = parentPort;
if (!port) throw new Error('this module is the main module of a worker thread');
const send = (message: FromIngest, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

const sender = new BatchSender((objects) => send({ type: 'objects', objects }, [objects.bytes.buffer]));

port.on('message', (message: ToIngest) => {
  if (message.type === 'order') void answer(message.order);
  else sender.noteTaken(message.free);
});

async function ingest({ path, seen }: IngestOrder): Promise<BlobDatum> {
  const writer = new BlobWriter(sender);
  for await (const piece of fileStream(path, seen)) {
    writer.write(piece);
    await sender.hasRoom();
  }
  const datum = writer.finish();
  sender.flush();
  return datum;
}

async function answer(order: IngestOrder): Promise<void> {
  try {
    send({ type: 'done', datum: await ingest(order) });
  } catch (error) {
    sender.take();
    if (!isDmlError(error) || error.code !== 'unreadable_file') throw error;
    const { path, reason } = error.fields as { path: string; reason: string };
    send({ type: 'unreadable', path, reason, cause: error.cause });
  }
}
