import type { Writable } from 'node:stream';
import type { OutputStream } from '../logs/call-output.ts';

/** Bytes on their way to the process after which a function that prints more has to wait. */
const MAX_UNTAKEN_BYTES = 1024 * 1024;
/** Bytes and pieces that are sent together at most. */
const MAX_BATCH_BYTES = 64 * 1024;
const MAX_BATCH_PIECES = 1_024;
/** Milliseconds of silence after which output is sent at once, also by a function that does not let go of the thread. */
const PAUSE_MS = 10;

const now = performance.now.bind(performance);

interface Chunk {
  readonly chunk: Uint8Array | string;
  readonly encoding: BufferEncoding;
}

type Done = (error?: Error | null) => void;

/** Bytes in a row that were printed to one stream. */
export type Printed = readonly [stream: OutputStream, bytes: Uint8Array];

export interface OutputPort {
  /** Sends what was printed to the process, which confirms it. */
  send(pieces: readonly Printed[]): void;
  /** Notes that a function waits for a confirmation. */
  expectAnswer(): void;
  noteAnswer(): void;
}

/**
 * Sends what is printed to both streams of a thread to its process, in one order: Node's own streams of a thread keep
 * the order of each alone.
 *
 * @spec DML-EXE-3601
 */
export class PrintedOutput {
  readonly #port: OutputPort;
  #batch: [stream: OutputStream, pieces: Uint8Array[]][] = [];
  #batchBytes = 0;
  #batchPieces = 0;
  #sentMs = 0;
  #untakenBytes = 0;
  readonly #waiting: Done[] = [];

  constructor(port: OutputPort) {
    this.#port = port;
    for (const name of ['stdout', 'stderr'] as const) {
      const stream = process[name] as Writable;
      stream._write = (chunk, encoding, done) => this.#take(name, [{ chunk, encoding }], done);
      stream._writev = (chunks, done) => this.#take(name, chunks as Chunk[], done);
    }
  }

  #take(stream: OutputStream, chunks: readonly Chunk[], done: Done): void {
    for (const { chunk, encoding } of chunks) this.#add(stream, bytesOf(chunk, encoding));
    if (this.#untakenBytes <= MAX_UNTAKEN_BYTES) return done();
    this.#waiting.push(done);
    this.#port.expectAnswer();
  }

  #add(stream: OutputStream, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#untakenBytes += bytes.length;
    this.#batchBytes += bytes.length;
    const last = this.#batch.at(-1);
    if (last?.[0] === stream) last[1].push(bytes);
    else this.#batch.push([stream, [bytes]]);
    if (this.#batchPieces++ === 0) queueMicrotask(() => this.flush());
    const isFull = this.#batchBytes >= MAX_BATCH_BYTES || this.#batchPieces >= MAX_BATCH_PIECES;
    if (isFull || now() - this.#sentMs > PAUSE_MS) this.flush();
  }

  /** Sends what was printed and waits. */
  flush(): void {
    if (this.#batchPieces === 0) return;
    const pieces = this.#batch.map(([stream, parts]): Printed => [stream, joined(parts)]);
    this.#batch = [];
    this.#batchBytes = 0;
    this.#batchPieces = 0;
    this.#sentMs = now();
    this.#port.send(pieces);
  }

  /** Notes that the process has taken bytes. */
  noteTaken(sizeBytes: number): void {
    this.#untakenBytes -= sizeBytes;
    if (this.#untakenBytes > MAX_UNTAKEN_BYTES / 2) return;
    for (const done of this.#waiting.splice(0)) {
      this.#port.noteAnswer();
      done();
    }
  }
}

/** Returns bytes that nobody changes later: a function may use its buffer again. */
function bytesOf(chunk: Uint8Array | string, encoding: BufferEncoding): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : Uint8Array.from(chunk);
}

/** Returns pieces as one, alone in its memory, which moves to the process. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
