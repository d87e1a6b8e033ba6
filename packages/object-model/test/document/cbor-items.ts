/** An item of CBOR as the document speaks of it; nothing of the product reads it. */
export type Item =
  | { readonly is: 'int'; readonly value: bigint }
  | { readonly is: 'float'; readonly value: number }
  | { readonly is: 'text'; readonly value: string }
  | { readonly is: 'bytes'; readonly value: Uint8Array }
  | { readonly is: 'array'; readonly items: readonly Item[] }
  | { readonly is: 'link'; readonly codec: number; readonly id: string }
  | { readonly is: 'bool'; readonly value: boolean }
  | { readonly is: 'null' };

/** Reads one item of well-formed CBOR in the profile. */
export function readItem(bytes: Uint8Array): Item {
  return new Reader(bytes).item();
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  item(): Item {
    const first = this.#bytes[this.#at++]!;
    if (first === 0xf4 || first === 0xf5) return { is: 'bool', value: first === 0xf5 };
    if (first === 0xf6) return { is: 'null' };
    if (first === 0xfb) {
      this.#at += 8;
      return { is: 'float', value: this.#view.getFloat64(this.#at - 8) };
    }
    const argument = this.#argument(first & 31);
    switch (first >> 5) {
      case 0:
        return { is: 'int', value: argument };
      case 1:
        return { is: 'int', value: -1n - argument };
      case 2:
        return { is: 'bytes', value: this.#take(Number(argument)) };
      case 3:
        return { is: 'text', value: Buffer.from(this.#take(Number(argument))).toString('utf8') };
      case 4:
        return { is: 'array', items: Array.from({ length: Number(argument) }, () => this.item()) };
      case 6: {
        const field = this.item();
        if (argument !== 42n || field.is !== 'bytes') throw new Error('another tag than that of a link');
        return {
          is: 'link',
          codec: field.value[2]!,
          id: Buffer.from(field.value.subarray(5)).toString('hex'),
        };
      }
      default:
        throw new Error(`no item of the profile: ${first}`);
    }
  }

  #argument(info: number): bigint {
    if (info < 24) return BigInt(info);
    let argument = 0n;
    for (const byte of this.#take(1 << (info - 24))) argument = argument * 256n + BigInt(byte);
    return argument;
  }

  #take(length: number): Uint8Array {
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
