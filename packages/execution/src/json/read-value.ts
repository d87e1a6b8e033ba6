import { f64, Uri } from '@daggerml/values';
import { InvalidJson, setOwn } from './exact-json.ts';

/** A blob in JSON: a file that holds its bytes, and their SHA-256 where that is said. */
export interface JsonFile {
  readonly path: string;
  readonly sha256?: string | undefined;
}

type Tagged = Readonly<Record<string, unknown>>;

const FLOATS: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, '-inf': -Infinity };
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Returns the language value of parsed JSON, in which each file is what `blobOf` returns for it. Throws `InvalidJson`
 * for a tag that there is not.
 */
export function readJsonValue(json: unknown, blobOf: (file: JsonFile) => unknown): unknown {
  if (Array.isArray(json)) return json.map((item) => readJsonValue(item, blobOf));
  if (!isObject(json)) return json;
  const keys = Object.keys(json);
  if (!keys.some((key) => key.startsWith('$'))) return membersOf(json, blobOf);
  return readTagged(json, keys, blobOf);
}

/** Checks whether JSON is an object; a number that was read as f64 is not. */
function isObject(json: unknown): json is Tagged {
  const isPlain = typeof json === 'object' && json !== null && !Array.isArray(json);
  return isPlain && Object.getOwnPropertySymbols(json).length === 0;
}

function membersOf(json: Tagged, blobOf: (file: JsonFile) => unknown): unknown {
  const members: Record<string, unknown> = {};
  for (const key of Object.keys(json)) setOwn(members, key, readJsonValue(json[key], blobOf));
  return members;
}

function readTagged(json: Tagged, keys: readonly string[], blobOf: (file: JsonFile) => unknown): unknown {
  const tag = keys.find((key) => key.startsWith('$')) as string;
  const content = json[tag];
  if (keys.length > 1 && tag !== '$file') return refuse(tag, 'with other keys');
  switch (tag) {
    case '$i64':
      if (typeof content === 'string' && /^-?[0-9]{1,20}$/.test(content)) return BigInt(content);
      break;
    case '$f64':
      if (typeof content === 'string' && Object.hasOwn(FLOATS, content)) return FLOATS[content];
      if (typeof content === 'number') return f64(content);
      break;
    case '$bytes':
      if (typeof content === 'string' && BASE64.test(content))
        return new Uint8Array(Buffer.from(content, 'base64'));
      break;
    case '$uri':
      if (typeof content === 'string') return Uri.fromString(content);
      break;
    case '$set':
      if (Array.isArray(content)) return new Set(content.map((item) => readJsonValue(item, blobOf)));
      break;
    case '$map':
      if (isObject(content)) return membersOf(content, blobOf);
      break;
    case '$file': {
      const { sha256 } = json;
      const isKnown = keys.every((key) => key === '$file' || key === 'sha256' || key === 'sizeBytes');
      const isFine = sha256 === undefined || (typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256));
      if (typeof content === 'string' && isKnown && isFine)
        return blobOf({ path: content, sha256: sha256 as string });
      break;
    }
    default:
      return refuse(tag, 'that there is not');
  }
  return refuse(tag, 'with a content of another form');
}

/** @spec DML-EXE-3209 */
function refuse(tag: string, problem: string): never {
  throw new InvalidJson(`has the tag ${JSON.stringify(tag).slice(0, 40)} ${problem}`);
}
