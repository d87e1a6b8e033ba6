import { type Datum, type Element, escapeJson, formatSize, treeEntries } from '@daggerml/object-model';
import { shortId } from '../names/typed-id.ts';
import type { RecordSource } from '../nodes/stored-value.ts';

/**
 * Yields a value as JSON text, piece by piece: a list of a million numbers is never one string in memory.
 *
 * What JSON cannot say stands as an object with the one key `/`: bytes, sets, URIs, blobs, floats that are
 * not finite and integers beyond 2^53. A float that holds a whole number is written with `.0`.
 */
export function valueJson(reader: RecordSource, datum: Datum): Generator<string> {
  return valuePieces(reader, datum, { indent: '', scalar: scalarJson });
}

/** Yields a value for people, piece by piece: as `valueJson`, but with the size and content of each blob in short. */
export function valueForPeople(reader: RecordSource, datum: Datum): Generator<string> {
  return valuePieces(reader, datum, { indent: '', scalar: shortScalar });
}

interface ValueForm {
  readonly indent: string;
  scalar(datum: ScalarDatum): string;
}

type ScalarDatum = Exclude<Datum, { kind: 'list' | 'set' | 'map' }>;

function* valuePieces(reader: RecordSource, datum: Datum, form: ValueForm): Generator<string> {
  switch (datum.kind) {
    case 'list':
      yield* bracket('[', ']', form, treeEntries('list', datum.root, reader), (element, inner) =>
        elementJson(reader, element, inner),
      );
      return;
    case 'set':
      yield '{"/": {"set": ';
      yield* bracket('[', ']', form, treeEntries('set', datum.root, reader), (element, inner) =>
        elementJson(reader, element, inner),
      );
      yield '}}';
      return;
    case 'map':
      yield* bracket(
        '{',
        '}',
        form,
        treeEntries('map', datum.root, reader),
        function* ([key, element], inner) {
          yield `${escapeJson(JSON.stringify(key))}: `;
          yield* elementJson(reader, element, inner);
        },
      );
      return;
    default:
      yield form.scalar(datum);
  }
}

function* elementJson(reader: RecordSource, element: Element, form: ValueForm): Generator<string> {
  yield* valuePieces(reader, typeof element === 'string' ? reader.read('datum', element) : element, form);
}

function* bracket<T>(
  open: string,
  close: string,
  form: ValueForm,
  items: Iterable<T>,
  text: (item: T, form: ValueForm) => Iterable<string>,
): Generator<string> {
  const { indent } = form;
  const inner = { ...form, indent: `${indent}  ` };
  let count = 0;
  for (const item of items) {
    yield `${count === 0 ? open : ','}\n${inner.indent}`;
    yield* text(item, inner);
    count += 1;
  }
  yield count === 0 ? open + close : `\n${indent}${close}`;
}

/** Returns a scalar for people. Blobs of one size are distinguished by their contents. @spec DML-REP-0938 */
function shortScalar(datum: ScalarDatum): string {
  if (datum.kind !== 'blob') return scalarJson(datum);
  return `<blob ${formatSize(datum.sizeBytes)} ${shortId(datum.contentSha256)}>`;
}

function scalarJson(datum: ScalarDatum): string {
  switch (datum.kind) {
    case 'null':
      return 'null';
    case 'bool':
      return String(datum.value);
    case 'i64':
      return Number.isSafeInteger(Number(datum.value))
        ? String(datum.value)
        : special({ i64: String(datum.value) });
    case 'f64':
      return floatJson(datum.value);
    case 'string':
      return escapeJson(JSON.stringify(datum.value));
    case 'uri':
      return special({ uri: datum.value });
    case 'bytes':
      return special({ bytes: Buffer.from(datum.value).toString('base64').replace(/=+$/, '') });
    case 'blob':
      return special({ blob: { sizeBytes: datum.sizeBytes, sha256: datum.contentSha256 } });
  }
}

function floatJson(value: number): string {
  if (Number.isNaN(value)) return special({ f64: 'nan' });
  if (!Number.isFinite(value)) return special({ f64: value > 0 ? 'inf' : '-inf' });
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function special(value: unknown): string {
  return escapeJson(JSON.stringify({ '/': value }));
}
