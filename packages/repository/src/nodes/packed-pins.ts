import {
  type ExecId,
  type NodeId,
  type PageId,
  type PageSource,
  scanLinks,
  treeCount,
} from '@daggerml/object-model';
import { storeError } from '@daggerml/store';

const ID_BYTES = 32;
const PAIR_BYTES = 2 * ID_BYTES;

/**
 * All pins of a large map, packed into 68 bytes each and looked up by their node.
 *
 * A re-run of many calls asks for every pin of its base: as strings in a map they would cost several times as much
 * to read and to keep.
 */
export class PackedPins {
  /** Node and exec of each pin, in the order of the nodes. */
  readonly #pairs: Buffer;
  /** The first four bytes of each node. */
  readonly #prefixes: Uint32Array;
  #count = 0;

  /** Reads every page below `root`. Throws `object_missing` for one that is not there. */
  constructor(root: PageId, pages: PageSource) {
    const count = treeCount('pins', root, pages);
    this.#pairs = Buffer.allocUnsafeSlow(count * PAIR_BYTES);
    this.#prefixes = new Uint32Array(count);
    this.#read(root, pages);
  }

  getPin(nodeId: NodeId): ExecId | undefined {
    const prefix = Number.parseInt(nodeId.slice(0, 8), 16);
    let low = 0;
    for (let high = this.#count; low < high; ) {
      const middle = (low + high) >>> 1;
      if ((this.#prefixes[middle] as number) < prefix) low = middle + 1;
      else high = middle;
    }
    for (; low < this.#count && this.#prefixes[low] === prefix; low += 1) {
      const at = low * PAIR_BYTES;
      if (this.#pairs.toString('hex', at, at + ID_BYTES) === nodeId)
        return this.#pairs.toString('hex', at + ID_BYTES, at + PAIR_BYTES) as ExecId;
    }
    return undefined;
  }

  #read(pageId: PageId, pages: PageSource): void {
    const bytes = pages.getPage(pageId);
    if (!bytes) throw storeError('object_missing', { class: 'page', objectId: pageId });
    const children: number[] = [];
    let nodeAt = 0;
    scanLinks(bytes, (objectClass, at) => {
      if (objectClass === 'node') nodeAt = at;
      else if (objectClass === 'page') children.push(at);
      else this.#add(bytes, nodeAt, at);
    });
    for (const at of children)
      this.#read(Buffer.from(bytes).toString('hex', at, at + ID_BYTES) as PageId, pages);
  }

  #add(bytes: Uint8Array, nodeAt: number, execAt: number): void {
    const at = this.#count * PAIR_BYTES;
    this.#pairs.set(bytes.subarray(nodeAt, nodeAt + ID_BYTES), at);
    this.#pairs.set(bytes.subarray(execAt, execAt + ID_BYTES), at + ID_BYTES);
    this.#prefixes[this.#count++] = this.#pairs.readUInt32BE(at);
  }
}
