import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hashBytes, type PageId } from '@daggerml/object-model';
import type { KnownPages } from '../refs/ref-pages.ts';

/** Pages of trees of refs, remembered from one exchange to the next: a hint that may be lost at any time. */
export interface PageMemory {
  /** Returns the pages that are remembered. Never rejects. */
  recall(): Promise<KnownPages>;
  /** Remembers more pages. Never rejects. */
  remember(pages: KnownPages): Promise<void>;
}

/** Size from which the file begins again. */
const MAX_BYTES = 64 * 2 ** 20;

/** Creates a memory that ends with its process. */
export function pagesOfProcess(): PageMemory {
  const known: KnownPages = new Map();
  return {
    recall: async () => new Map(known),
    remember: async (pages) => {
      for (const [pageId, bytes] of pages) known.set(pageId, bytes);
    },
  };
}

/** Creates a memory in a file, in which each page follows its length in four bytes. A link or a damaged file is as good as none. */
export function pagesInFile(path: string): PageMemory {
  return {
    async recall() {
      try {
        const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
        try {
          const stats = await file.stat();
          return stats.isFile() && stats.size <= 2 * MAX_BYTES ? pagesIn(await file.readFile()) : new Map();
        } finally {
          await file.close();
        }
      } catch {
        return new Map();
      }
    },
    async remember(pages) {
      try {
        await mkdir(dirname(path), { recursive: true });
        const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
        const file = await open(path, flags, 0o600);
        try {
          const stats = await file.stat();
          if (!stats.isFile()) return;
          if (stats.size > MAX_BYTES) await file.truncate();
          await file.appendFile(
            Buffer.concat([...pages.values()].flatMap((bytes) => [lengthOf(bytes), bytes])),
          );
        } finally {
          await file.close();
        }
      } catch {
        // It costs requests and nothing else.
      }
    },
  };
}

function lengthOf({ length }: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}

/** Returns the pages of a file up to where it is cut off. */
function pagesIn(bytes: Buffer): KnownPages {
  const pages: KnownPages = new Map();
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) break;
    const page = Uint8Array.from(bytes.subarray(at + 4, end));
    // An id that is not asked for does no harm.
    pages.set(hashBytes<'page'>(page) as PageId, page);
    at = end;
  }
  return pages;
}
