import { type OutsideUse, reachedUses } from './outside-uses.ts';
import { positionIn, type ReachedModule } from './own-modules.ts';

/** Kinds of reads besides the inputs of a function; a change there does not re-run a call. */
export type AmbientKind = 'files' | 'network' | 'processes' | 'clock' | 'randomness' | 'environment';

/** A place at which a function reads something besides its inputs. */
export interface AmbientInput {
  readonly kind: AmbientKind;
  /** The global or import that is used: `Date.now`, `readFileSync of node:fs`. */
  readonly what: string;
  /** Absolute path of the source file. */
  readonly file: string;
  readonly line: number;
}

/**
 * Lists what the author's own code of a function reads besides its inputs, each once, by kind and name; what
 * libraries read is left aside.
 */
export function ambientInputs(modules: Iterable<ReachedModule>): readonly AmbientInput[] {
  const found = new Map<string, AmbientInput>();
  for (const module of modules) {
    for (const use of reachedUses(module)) {
      const kind = kindOf(use);
      if (kind === undefined) continue;
      const what = use.module === undefined ? use.path : nameInModule(use.module, use.path);
      const { file, line } = positionIn(module.outline, use.offset);
      const known = found.get(`${kind} ${what}`);
      if (!known || (known.file === file && known.line > line))
        // @spec DML-EXE-0524
        found.set(`${kind} ${what}`, { kind, what, file, line });
    }
  }
  return [...found.values()].sort((a, b) => (a.kind + a.what < b.kind + b.what ? -1 : 1));
}

function nameInModule(module: string, path: string): string {
  return path === '' ? `node:${module}` : `${path} of node:${module}`;
}

/** Returns the kind of what is used; undefined for what is known to give the same for the same inputs. */
function kindOf(use: OutsideUse): AmbientKind | undefined {
  const { module, path, isTypeof, firstText } = use;
  if (isTypeof) return undefined;
  if (module === undefined) return kindOfGlobal(use);
  if (module === 'process')
    return kindOfGlobal({ ...use, path: path === '' ? 'process' : `process.${path}` });
  if (module === 'crypto') return kindOfCrypto(path);
  // What begins at the root does not ask for the current folder.
  if (firstText?.startsWith('/') && FROM_FOLDER.test(path)) return undefined;
  if (PURE_MODULES.has(module) || PURE_NAMES[module]?.test(path)) return undefined;
  // @spec DML-CAP-0010
  return MODULE_KINDS[module] ?? 'environment';
}

function kindOfCrypto(path: string): AmbientKind | undefined {
  if (RANDOM_OF_CRYPTO.test(path)) return 'randomness';
  return PURE_OF_CRYPTO.test(path) ? undefined : 'environment';
}

const RANDOM_OF_CRYPTO =
  /^(webcrypto\.)?(subtle\.)?(random|getRandomValues|generate|sign$|createSign|publicEncrypt|createECDH|createDiffieHellman)/;
const PURE_OF_CRYPTO =
  /^((webcrypto\.)?subtle\b|webcrypto$|(createHash|Hash|hash|createHmac|Hmac|(pbkdf2|scrypt|hkdf|argon2)(Sync)?|timingSafeEqual|(create)?(Cipher|Decipher)iv|create(Public|Private|Secret)Key|KeyObject|createVerify|Verify|verify|privateDecrypt|publicDecrypt|X509Certificate|constants)\b)/;

const FROM_FOLDER = /^((posix\.)*resolve|pathToFileURL)$/;

/** Modules all of whose names depend on their arguments only. */
const PURE_MODULES = new Set(
  (
    'assert assert/strict diagnostics_channel events punycode querystring stream stream/consumers stream/promises ' +
    'stream/web string_decoder timers timers/promises util/types zlib'
  ).split(' '),
);

const PURE_OF_PATH =
  /^((posix|win32)\.)*(basename|delimiter|dirname|extname|format|isAbsolute|join|matchesGlob|normalize|parse|sep)\b/;

/** Names of other modules that depend on their arguments only. */
const PURE_NAMES: Readonly<Record<string, RegExp>> = {
  async_hooks: /^(AsyncLocalStorage|AsyncResource)\b/,
  buffer: /^(Buffer|Blob|File|SlowBuffer|atob|btoa|constants|isAscii|isUtf8|transcode)\b/,
  module: /^(SourceMap|stripTypeScriptTypes)\b/,
  path: PURE_OF_PATH,
  'path/posix': PURE_OF_PATH,
  'path/win32': PURE_OF_PATH,
  perf_hooks: /^(createHistogram|constants)\b/,
  url: /^(URL(?!\.createObjectURL)|Url|URLSearchParams|URLPattern|domainTo\w+|fileURLToPath\w*|format|parse|resolve|resolveObject|urlToHttpOptions)\b/,
  util: /^(MIMEParams|MIMEType|Text(De|En)coder|aborted|callbackify|deprecate|diff|format\w*|inherits|inspect|is[A-Z]\w*|parseEnv|promisify|stripVTControlCharacters|to\w+|transferable\w+|types|_extend)\b/,
  v8: /^(de)?serialize$/,
  worker_threads: /^(MessageChannel|MessagePort|receiveMessageOnPort)$/,
};

const MODULE_KINDS: Readonly<Record<string, AmbientKind>> = {
  fs: 'files',
  'fs/promises': 'files',
  sqlite: 'files',
  wasi: 'files',
  http: 'network',
  https: 'network',
  http2: 'network',
  net: 'network',
  tls: 'network',
  dgram: 'network',
  dns: 'network',
  'dns/promises': 'network',
  child_process: 'processes',
  cluster: 'processes',
  perf_hooks: 'clock',
};

function kindOfGlobal({ path, isBare }: Pick<OutsideUse, 'path' | 'isBare'>): AmbientKind | undefined {
  if (path === 'Date') return isBare ? 'clock' : undefined;
  // A formatter that is told no language takes that of the machine.
  if (path.startsWith('Intl.') && isBare) return 'environment';
  if (path.startsWith('crypto.')) return kindOfCrypto(path.slice('crypto.'.length));
  const kind = GLOBAL_KINDS.find(([pattern]) => pattern.test(path))?.[1];
  if (kind !== undefined) return kind;
  const [name = ''] = path.split('.', 1);
  if (PURE_GLOBALS.has(name) || PURE_OF_PROCESS.test(path)) return undefined;
  // Globals of other versions of Node count wherever a function is captured.
  // @spec DML-CAP-0017
  return OTHER_GLOBALS.has(name) || Object.hasOwn(globalThis, name) ? 'environment' : undefined;
}

const GLOBAL_KINDS: readonly (readonly [RegExp, AmbientKind])[] = [
  [/^Date\.now$|^performance\b|^process\.(hrtime|uptime)\b|^Temporal\.Now\b/, 'clock'],
  [/^Math\.random$|^URL\.createObjectURL$/, 'randomness'],
  [/^(fetch|WebSocket|EventSource|XMLHttpRequest)$/, 'network'],
  [/^process\.(kill|abort|exit)$/, 'processes'],
];

const PURE_OF_PROCESS =
  /^process\.(nextTick|emitWarning|on|once|off|emit|exitCode|std(out|err)(\.(write|end|cork|uncork|on|once|off|emit|addListener|removeListener))?)$/;

const PURE_GLOBALS = new Set(
  (
    'undefined NaN Infinity Object Function Array String Number Boolean Symbol BigInt Math JSON Date RegExp Promise Proxy ' +
    'Reflect Map Set WeakMap WeakSet ArrayBuffer SharedArrayBuffer Atomics DataView ' +
    'Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float16Array Float32Array ' +
    'Float64Array BigInt64Array BigUint64Array Error AggregateError EvalError RangeError ReferenceError SyntaxError ' +
    'SuppressedError TypeError URIError DisposableStack AsyncDisposableStack Iterator Intl WebAssembly isNaN isFinite ' +
    'parseInt parseFloat encodeURI encodeURIComponent decodeURI decodeURIComponent escape unescape console ' +
    'structuredClone queueMicrotask setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate URL ' +
    'URLSearchParams URLPattern TextEncoder TextDecoder TextEncoderStream TextDecoderStream AbortController ' +
    'AbortSignal Event EventTarget CustomEvent MessageEvent MessageChannel MessagePort DOMException Blob File FormData ' +
    'Headers Request Response ReadableStream WritableStream TransformStream ByteLengthQueuingStrategy ' +
    'CountQueuingStrategy CompressionStream DecompressionStream Buffer atob btoa require module ' +
    'exports arguments globalThis global Temporal'
  ).split(' '),
);

const OTHER_GLOBALS = new Set(
  (
    'process navigator Navigator localStorage sessionStorage Storage crypto Crypto CryptoKey SubtleCrypto WeakRef ' +
    'FinalizationRegistry BroadcastChannel CloseEvent PerformanceEntry PerformanceMark PerformanceMeasure ' +
    'PerformanceObserver PerformanceObserverEntryList PerformanceResourceTiming gc'
  ).split(' '),
);
