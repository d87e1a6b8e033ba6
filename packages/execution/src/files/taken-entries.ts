import { createHash } from 'node:crypto';
import type { DatumId, DirectoryEntry } from '@daggerml/object-model';
import { endsRun } from './run-end.ts';

/** Entries that follow one another, and the digest of what they are. */
export interface EntryRun {
  /** Number of the first entry behind the run. */
  readonly end: number;
  readonly digest: string;
}

/** The entries of a directory in the order of their paths, with the digests of runs of them. */
export class TakenEntries {
  readonly all: DirectoryEntry[] = [];
  readonly runs: EntryRun[] = [];
  /** True where the datum of a file is remembered rather than read. */
  readonly #remembered: boolean[] = [];
  #packed = '';

  add(entry: DirectoryEntry, isRemembered = false): void {
    this.all.push(entry);
    this.#remembered.push(isRemembered);
    this.#packed += packedForm(entry);
    if (endsRun(entry.path, this.all.length - (this.runs.at(-1)?.end ?? 0))) this.#cut();
  }

  /** Ends the last run. */
  finish(): void {
    if (this.#packed !== '') this.#cut();
  }

  /** Iterates the datums of the files between two numbers that are remembered. */
  *rememberedIn(from: number, to: number): Generator<DatumId> {
    for (let number = from; number < to; number += 1) {
      const entry = this.all[number];
      if (this.#remembered[number] && entry?.kind === 'file') yield entry.blobDatumId;
    }
  }

  #cut(): void {
    const digest = createHash('sha256').update(this.#packed).digest('hex');
    this.runs.push({ end: this.all.length, digest });
    this.#packed = '';
  }
}

/** Returns a text that no other entry has, nor several of them: no path contains the separator. */
function packedForm(entry: DirectoryEntry): string {
  if (entry.kind === 'file') return `${entry.isExecutable ? 'x' : 'f'}${entry.path}\0${entry.blobDatumId}\0`;
  return entry.kind === 'link' ? `l${entry.path}\0${entry.target}\0` : `e${entry.path}\0`;
}
