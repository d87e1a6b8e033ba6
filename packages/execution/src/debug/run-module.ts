/**
 * The module that calls a laid out function on its inputs with nothing but Node: `node run.mjs`, or under a debugger with
 * `node --inspect-brk run.mjs`.
 */
export const RUN_MODULE = `// Calls the function of call.json on the inputs in inputs/ and prints what comes of it.
// Under a debugger: node --inspect-brk run.mjs
import { createReadStream, readFileSync } from 'node:fs';
import { inspect } from 'node:util';

const place = (path) => new URL(path, import.meta.url);
const readJson = (path) => JSON.parse(readFileSync(place(path), 'utf8'));
const { functions, main, inputs } = readJson('call.json');

/** Returns what stands for a value that JSON cannot say. */
const special = {
  set: (members) => new Set(members.map(revived)),
  bytes: (text) => new Uint8Array(Buffer.from(text, 'base64')),
  i64: (text) => BigInt(text),
  f64: (text) => ({ nan: NaN, inf: Infinity, '-inf': -Infinity })[text],
  uri: (text) => ({ toString: () => text, toJSON: () => text }),
  blob: ({ sizeBytes, sha256 }) => {
    const file = place('blobs/' + sha256);
    return {
      sizeBytes,
      sha256,
      bytes: async () => new Uint8Array(readFileSync(file)),
      text: async () => readFileSync(file, 'utf8'),
      stream: () => createReadStream(file),
      toJSON: () => ({ sizeBytes, sha256 }),
    };
  },
};

function revived(value) {
  if (Array.isArray(value)) return value.map(revived);
  if (typeof value !== 'object' || value === null) return value;
  const keys = Object.keys(value);
  const inner = keys.length === 1 && keys[0] === '/' ? value['/'] : undefined;
  const [kind] = typeof inner === 'object' && inner !== null ? Object.keys(inner) : [];
  if (kind !== undefined && Object.hasOwn(special, kind)) return special[kind](inner[kind]);
  return Object.fromEntries(keys.map((key) => [key, revived(value[key])]));
}

/** Calls a function; a call that it makes itself is made here too. */
async function call({ file, exportName }, args) {
  const { [exportName]: called } = await import(place(file));
  return await called(...args);
}

globalThis[Symbol.for('daggerml.nested-call')] = async (key, args) =>
  call(functions[key], await Promise.all(args));

try {
  const value = await call(main, inputs.map((path) => revived(readJson(path))));
  console.log(inspect(value, { depth: 6, maxArrayLength: 100, maxStringLength: 10_000 }));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
`;
