import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { TextSink } from './cli-io.ts';

/** Standard output as a command has it. */
export interface ResultSink extends TextSink {
  /** Resolves when more may be written. */
  writeInOrder(piece: Uint8Array | string): Promise<void>;
  /** Calls back when all that was written has been taken, with the error where that failed. */
  whenTaken(done: (error?: Error | null) => void): void;
  onError(listener: (error: NodeJS.ErrnoException) => void): void;
}

/** Returns a sink for the standard output of this process. */
export function streamSink(stream: NodeJS.WriteStream): ResultSink {
  // Taken before a pipeline runs: there, it is not what it was.
  const write = stream.write.bind(stream);
  return {
    write: (piece) => write(piece),
    writeInOrder: (piece) =>
      new Promise((resolve) => {
        if (write(piece)) resolve();
        else stream.once('drain', resolve);
      }),
    whenTaken: (done) => {
      if (stream.writableLength > 0) write('', done);
      else done(stream.errored);
    },
    onError: (listener) => stream.on('error', listener),
    isTTY: stream.isTTY,
    columns: stream.columns,
  };
}

/** Milliseconds between two attempts to write to a pipe that others made non-blocking and that is full. */
const FULL_PIPE_MS = 5;

/**
 * Returns a sink for a descriptor that this process was given for results. Written at once and as it is: a stream would make a
 * pipe non-blocking for all who hold it.
 */
export function descriptorSink(descriptor: number): ResultSink {
  let failure: NodeJS.ErrnoException | undefined;
  let tell: (error: NodeJS.ErrnoException) => void = () => {};
  const write = (piece: Uint8Array | string): boolean => {
    if (failure !== undefined) return true;
    try {
      writeWhole(descriptor, Buffer.from(piece as string));
    } catch (error) {
      failure = error as NodeJS.ErrnoException;
      tell(failure);
    }
    return true;
  };
  return {
    write,
    writeInOrder: async (piece) => void write(piece),
    whenTaken: (done) => done(failure),
    onError: (listener) => {
      tell = listener;
    },
    isTTY: isatty(descriptor),
  };
}

function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_MS);
    }
  }
}
