import { type Datum, encodeRecord, hashBytes, type LeafEntries } from '../../src/index.ts';
import { recordToJson } from '../../src/json/index.ts';
import { ids, scalar } from './samples.ts';
import { type Draft, errorOf } from './vector-file.ts';

type Entry = LeafEntries['map'];

const map = (...root: Entry[]): Datum => ({ type: 'datum', kind: 'map', root });

/** Lists the cases of maps that carry a schema. */
export function schemaVectors(): Draft[] {
  const schema = (name: string, datum: Datum, highest = 1): Draft => ({
    name,
    requirement: 'DML-OBJ-0902',
    operation: 'schema',
    value: recordToJson(datum),
    highest,
  });
  const refused = (name: string, datum: Datum): Draft => ({
    ...schema(name, datum),
    error: errorOf('schema_form'),
  });
  const newer = (name: string, datum: Datum, highest: number): Draft => ({
    ...schema(name, datum, highest),
    requirement: 'DML-OBJ-0903',
    error: errorOf('newer_schema'),
  });
  return [
    schema('schema 1', map(['schema', scalar.i64(1)])),
    schema('schema 1 of a reader that knows more', map(['schema', scalar.i64(1)]), 7),
    schema(
      'schema among other keys',
      map(['a', scalar.nothing], ['schema', scalar.i64(1)], ['z', ids.datum()]),
    ),
    refused('schema missing', map(['a', scalar.nothing])),
    refused('schema of a list', { type: 'datum', kind: 'list', root: [] }),
    refused('schema 0', map(['schema', scalar.i64(0)])),
    refused('schema -1', map(['schema', scalar.i64(-1)])),
    refused('schema that is a float', map(['schema', scalar.f64(1)])),
    refused('schema that is a text', map(['schema', scalar.string('1')])),
    refused('schema that is a link', map(['schema', ids.datum()])),
    newer('schema 2 of a reader of 1', map(['schema', scalar.i64(2)]), 1),
    newer('schema 2^63 - 1', map(['schema', scalar.i64(2n ** 63n - 1n)]), 5),
  ];
}

/** Lists the cases of maps read as directories; a datum that is not given is a blob. */
export function directoryVectors(): Draft[] {
  const read = (name: string, entries: Entry[], datums: Datum[] = []): Draft => ({
    name,
    requirement: 'DML-OBJ-2121',
    operation: 'readDirectory',
    value: recordToJson(map(...entries)),
    ...(datums.length === 0 ? {} : { datums: datums.map((datum) => recordToJson(datum)) }),
  });
  const refused = (
    name: string,
    entries: Entry[],
    datums: Datum[] = [],
    detail: Parameters<typeof errorOf>[0] = 'directory_form',
  ): Draft => ({ ...read(name, entries, datums), error: errorOf(detail) });
  const at = (path: string, datum: Datum): Entry => [path, hashBytes<'datum'>(encodeRecord(datum))];
  const one = (name: string, datum: Datum): Draft => refused(name, [at('a', datum)], [datum]);
  const linkTo = (name: string, target: string): Draft => {
    const datum = map(['link', scalar.string(target)]);
    return refused(name, [at('a', datum)], [datum], 'link_target');
  };
  const yes = scalar.bool(true);
  const executable = map(['content', ids.datum()], ['executable', yes]);
  return [
    read(
      'directory of one entry of each kind',
      [
        at('empty', map()),
        ['file', ids.datum()],
        at('link', map(['link', scalar.string('file')])),
        at('run', executable),
      ],
      [map(), map(['link', scalar.string('file')]), executable],
    ),
    refused('directory with a number', [['a', scalar.i64(1)]]),
    one('directory with a list', { type: 'datum', kind: 'list', root: [] }),
    one('directory with a content alone', map(['content', ids.datum()])),
    one(
      'directory with a file that is not executable',
      map(['content', ids.datum()], ['executable', scalar.bool(false)]),
    ),
    one(
      'directory with a file with a mode',
      map(['content', ids.datum()], ['executable', yes], ['mode', scalar.i64(7)]),
    ),
    one('directory with a content in place', map(['content', scalar.string('x')], ['executable', yes])),
    one('directory with a link that is a number', map(['link', scalar.i64(1)])),
    one('directory with a link and more', map(['link', scalar.string('b')], ['more', yes])),
    refused('directory with a path that leads out', [['../a', ids.datum()]], [], 'path_form'),
    linkTo('directory with a link that leads out', '../b'),
    refused(
      'directory with an entry below another',
      [
        ['a', ids.datum()],
        ['a-b', ids.datum()],
        ['a/b', ids.datum()],
      ],
      [],
      'path_conflict',
    ),
    refused(
      'directory with two spellings of a path',
      [
        ['e\u0301', ids.datum()],
        ['\u00e9', ids.datum()],
      ],
      [],
      'path_conflict',
    ),
    refused(
      'directory with two spellings of a folder',
      [
        ['e\u0301/a', ids.datum()],
        ['\u00e9/b', ids.datum()],
      ],
      [],
      'path_conflict',
    ),
    refused(
      'directory with a file and a folder of two spellings, one of them ASCII',
      [
        ['K/a', ids.datum()],
        ['\u212a', ids.datum()],
      ],
      [],
      'path_conflict',
    ),
    linkTo('directory with a link to a path that begins with ./', './b'),
    linkTo('directory with a link to a path that ends with /', 'b/'),
  ];
}
