import * as dagCbor from '@ipld/dag-cbor';
import * as cborg from 'cborg';
import { CID } from 'multiformats/cid';
import { type CborValue, CODEC_RAW, Float64, Link } from '../src/cbor/value.ts';
import { cidOf } from './vector-json.ts';

/** Tags for cborg alone: links are read as CIDs by the multiformats library. */
const cborgTags: cborg.TagDecoder[] = [];
cborgTags[42] = (decode) => {
  const field = decode() as Uint8Array;
  if (field[0] !== 0) throw new Error('no identity prefix');
  return CID.decode(field.subarray(1));
};

/** Decodes with `@ipld/dag-cbor`. */
export function decodeByDagCbor(bytes: Uint8Array): unknown {
  return dagCbor.decode(bytes);
}

/** Decodes with `cborg` in strict mode, links through `multiformats`. */
export function decodeByCborg(bytes: Uint8Array): unknown {
  return cborg.decode(bytes, {
    allowIndefinite: false,
    allowUndefined: false,
    allowNaN: false,
    allowInfinity: false,
    strict: true,
    rejectDuplicateMapKeys: true,
    tags: cborgTags as never,
  });
}

const cidTokens = dagCbor.encodeOptions.typeEncoders!.Object as cborg.TypeEncoder;

/** Encodes with `cborg`, whole floats as floats, which `@ipld/dag-cbor` alone cannot be told. */
export function encodeByCborg(value: CborValue): Uint8Array {
  return cborg.encode(toOracle(value), {
    float64: true,
    typeEncoders: {
      ...dagCbor.encodeOptions.typeEncoders,
      Object: (object: unknown, type, options, references) => {
        if (object instanceof Float64) return [new cborg.Token(cborg.Type.float, object.value)];
        return cidTokens(object, type, options, references);
      },
    },
  });
}

/** Checks whether a value that an oracle decoded is the value that we decoded. */
export function sameValue(ours: CborValue, theirs: unknown): boolean {
  if (ours instanceof Float64) return Object.is(ours.value, theirs);
  if (ours instanceof Link) return CID.asCID(theirs)?.toString() === cidOfLink(ours);
  if (ours instanceof Uint8Array) {
    return theirs instanceof Uint8Array && Buffer.compare(ours, theirs) === 0;
  }
  if (Array.isArray(ours)) {
    return (
      Array.isArray(theirs) &&
      theirs.length === ours.length &&
      ours.every((item, at) => sameValue(item, theirs[at]))
    );
  }
  if (typeof ours === 'number' || typeof ours === 'bigint') {
    return (typeof theirs === 'number' || typeof theirs === 'bigint') && BigInt(ours) === BigInt(theirs);
  }
  // The decoders of both oracles drop a leading byte order mark; their encoders keep it.
  if (typeof ours === 'string' && ours.startsWith('\ufeff'))
    return theirs === ours || theirs === ours.slice(1);
  return ours === theirs;
}

function toOracle(value: CborValue): unknown {
  if (value instanceof Link) return CID.parse(cidOfLink(value));
  return Array.isArray(value) ? value.map(toOracle) : value;
}

function cidOfLink({ codec, id }: Link): string {
  return cidOf(codec === CODEC_RAW ? 'chunk' : 'dag', id);
}
