import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { descriptorSink } from './result-sink.ts';

const root = mkdtempSync(join(tmpdir(), 'dml-sink-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('descriptorSink', () => {
  it('writes pieces in order, text and bytes', async () => {
    const file = join(root, 'file');
    const descriptor = openSync(file, 'w');
    const sink = descriptorSink(descriptor);
    expect(sink.isTTY).toBe(false);
    expect(sink.write('one é\n')).toBe(true);
    await sink.writeInOrder(Buffer.from('two\n'));
    sink.whenTaken((error) => expect(error).toBeUndefined());
    closeSync(descriptor);
    expect(readFileSync(file, 'utf8')).toBe('one é\ntwo\n');
  });

  it('waits for a full pipe that somebody else made non-blocking', async () => {
    const fifo = join(root, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const descriptor = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    const large = 'x'.repeat(1_000_000);
    // It begins to read when the pipe is full: the test itself waits until all is written.
    const reader = spawn('sh', ['-c', 'sleep 0.2; exec head -c 1000001 "$0" >"$0.read"', fifo]);
    descriptorSink(descriptor).write(`${large}\n`);
    expect(await once(reader, 'close')).toEqual([0, null]);
    closeSync(descriptor);
    expect(readFileSync(`${fifo}.read`, 'utf8')).toBe(`${large}\n`);
  });

  it('tells once what cannot be written', () => {
    const descriptor = openSync('/dev/full', 'w');
    const sink = descriptorSink(descriptor);
    const told: (string | undefined)[] = [];
    sink.onError(({ code }) => told.push(code));
    sink.write('one');
    sink.write('two');
    let taken: unknown;
    sink.whenTaken((error) => {
      taken = error;
    });
    closeSync(descriptor);
    expect(told).toEqual(['ENOSPC']);
    expect(taken).toMatchObject({ code: 'ENOSPC' });
  });
});
