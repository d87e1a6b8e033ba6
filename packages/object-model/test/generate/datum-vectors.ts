import type { ListDatum, MapDatum, SetDatum } from '../../src/index.ts';
import { sha256Hex } from '../../src/index.ts';
import { formatBase64 } from '../../src/json/base64.ts';
import { encodeByCborg } from '../oracles.ts';
import { bytesOfVector, hexOfBytes } from '../vector-case.ts';
import { ids, scalar } from './samples.ts';
import { type Draft, errorOf, notEncoded, record, refused } from './vector-file.ts';

const I64_SAMPLES: readonly bigint[] = [
  0n,
  1n,
  23n,
  24n,
  255n,
  256n,
  65_535n,
  65_536n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n - 1n,
  -1n,
  -24n,
  -25n,
  -256n,
  -257n,
  -65_536n,
  -65_537n,
  -(2n ** 32n),
  -(2n ** 32n) - 1n,
  -(2n ** 53n) + 1n,
  -(2n ** 53n),
  -(2n ** 63n),
];

const F64_SAMPLES: readonly (readonly [name: string, value: number])[] = [
  ['zero', 0],
  ['one', 1],
  ['minus one', -1],
  ['one and a half', 1.5],
  ['a tenth', 0.1],
  ['2^32 - 1', 2 ** 32 - 1],
  ['2^32', 2 ** 32],
  ['-2^32', -(2 ** 32)],
  ['2^53', 2 ** 53],
  ['2^64', 2 ** 64],
  ['the largest', Number.MAX_VALUE],
  ['the most negative', -Number.MAX_VALUE],
  ['the smallest above zero', 5e-324],
  ['the smallest normal', 2.2250738585072014e-308],
];

const TEXT_SAMPLES: readonly (readonly [name: string, value: string])[] = [
  ['empty', ''],
  ['ASCII', 'hello'],
  ['of 23 bytes', 'x'.repeat(23)],
  ['of 24 bytes', 'x'.repeat(24)],
  ['of 255 bytes', 'x'.repeat(255)],
  ['of 256 bytes', 'x'.repeat(256)],
  ['composed', '\u00e9'],
  ['Hangul', '\ud55c\uae00'],
  ['outside the basic plane', '\u{1f600}'],
  ['with NUL', 'a\u0000b'],
  ['with the last code points', '\uffff\u{10ffff}'],
  ['right to left', '\u05d0\u05d1'],
  ['combining mark without a composed form', 'x\u0301'],
];

const URI_SAMPLES: readonly (readonly [name: string, value: string])[] = [
  ['https', 'https://example.com/data?q=1#part'],
  ['without authority', 'urn:isbn:0451450523'],
  ['adapter', 'dml+exec://local/run?timeout=5'],
  ['builtin', 'dml://list/construct'],
  ['file', 'file:///data/in.csv'],
];

export function datumVectors(): Draft[] {
  const attached = ids.datum(7);
  return [
    record('null', 'DML-OBJ-1001', scalar.nothing),
    record('true', 'DML-OBJ-1001', scalar.bool(true)),
    record('false', 'DML-OBJ-1001', scalar.bool(false)),
    ...I64_SAMPLES.map((value) => record(`i64 ${value}`, 'DML-OBJ-0211', scalar.i64(value))),
    ...F64_SAMPLES.map(([name, value]) => record(`f64 ${name}`, 'DML-OBJ-1005', scalar.f64(value))),
    record('f64 nan', 'DML-OBJ-1005', scalar.f64(Number.NaN)),
    record('f64 inf', 'DML-OBJ-1005', scalar.f64(Number.POSITIVE_INFINITY)),
    record('f64 -inf', 'DML-OBJ-1005', scalar.f64(Number.NEGATIVE_INFINITY)),
    record('f64 -0.0 is written as 0.0', 'DML-OBJ-1007', scalar.f64(-0)),
    ...[0, 1, 23, 24, 255, 256].map((length) =>
      record(`${length} bytes`, 'DML-OBJ-0211', scalar.bytesOf(length)),
    ),
    ...TEXT_SAMPLES.map(([name, value]) => record(`string ${name}`, 'DML-OBJ-0503', scalar.string(value))),
    record('string of a byte order mark', 'DML-OBJ-0504', scalar.string('\ufeff')),
    record('short string with a byte order mark', 'DML-OBJ-0504', scalar.string('\ufeffa')),
    record('long string with a byte order mark', 'DML-OBJ-0504', scalar.string(`\ufeff${'b'.repeat(200)}`)),
    record('string with an inner byte order mark', 'DML-OBJ-0504', scalar.string(`${'c'.repeat(80)}\ufeffd`)),
    ...URI_SAMPLES.map(([name, value]) => record(`uri ${name}`, 'DML-OBJ-1001', scalar.uri(value))),
    record('uri with an attachment', 'DML-OBJ-1011', {
      type: 'datum',
      kind: 'uri',
      value: `dml+exec://worker/${attached}/fit`,
      attachmentDatumId: attached,
    }),
    ...collectionVectors(),
  ];
}

function collectionVectors(): Draft[] {
  const list = (root: ListDatum['root']): ListDatum => ({ type: 'datum', kind: 'list', root });
  const set = (root: SetDatum['root']): SetDatum => ({ type: 'datum', kind: 'set', root });
  const map = (root: MapDatum['root']): MapDatum => ({ type: 'datum', kind: 'map', root });
  return [
    record('list empty', 'DML-OBJ-1909', list([])),
    record(
      'list of one of each scalar',
      'DML-OBJ-1101',
      list([
        scalar.nothing,
        scalar.bool(false),
        scalar.i64(7),
        scalar.f64(7),
        scalar.bytes(7),
        scalar.string('7'),
        scalar.uri('urn:7'),
      ]),
    ),
    record('list with repeats', 'DML-OBJ-1008', list([scalar.i64(1), scalar.i64(1)])),
    record(
      'list of whole and other floats',
      'DML-OBJ-1003',
      list([scalar.f64(1), scalar.i64(1), scalar.f64(1.5), scalar.f64(-3)]),
    ),
    record('list with a link', 'DML-OBJ-1101', list([ids.datum(1), scalar.i64(1), ids.datum(2)])),
    record('list of 30', 'DML-OBJ-0211', list(Array.from({ length: 30 }, (_, at) => scalar.i64(at)))),
    record('list in pages', 'DML-OBJ-1909', list(ids.page(1))),
    record('set empty', 'DML-OBJ-1909', set([])),
    record(
      'set in the order of the bytes',
      'DML-OBJ-1106',
      set([
        scalar.nothing,
        scalar.bool(false),
        scalar.bool(true),
        scalar.i64(0),
        scalar.i64(10),
        scalar.i64(1000),
        scalar.i64(-1),
        scalar.f64(0.5),
        scalar.string('b'),
        scalar.string('aa'),
        ids.datum(3),
      ]),
    ),
    record('set with 1 and 1.0', 'DML-OBJ-1003', set([scalar.i64(1), scalar.f64(1)])),
    record('set in pages', 'DML-OBJ-1909', set(ids.page(2))),
    record('map empty', 'DML-OBJ-1909', map([])),
    record(
      'map with the empty key',
      'DML-OBJ-0512',
      map([
        ['', scalar.i64(0)],
        ['a', scalar.i64(1)],
      ]),
    ),
    record(
      'map in the order of UTF-8',
      'DML-OBJ-0514',
      map([
        ['a', scalar.i64(1)],
        ['aa', scalar.i64(2)],
        ['b', ids.datum(1)],
        ['\u00e9', scalar.i64(3)],
        ['\uffee', scalar.i64(4)],
        ['\u{10000}', scalar.i64(5)],
      ]),
    ),
    record('map with a key of 4096 bytes', 'DML-OBJ-0512', map([['k'.repeat(4096), scalar.nothing]])),
    record('map in pages', 'DML-OBJ-1909', map(ids.page(3))),
    record('blob of one chunk', 'DML-OBJ-1012', {
      type: 'datum',
      kind: 'blob',
      sizeBytes: 3,
      contentSha256: ids.chunk(1),
      root: [[ids.chunk(1), 3]],
    }),
    record('blob empty', 'DML-OBJ-1012', {
      type: 'datum',
      kind: 'blob',
      sizeBytes: 0,
      contentSha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      root: [],
    }),
    record('blob of two chunks', 'DML-OBJ-1012', {
      type: 'datum',
      kind: 'blob',
      sizeBytes: 200_000,
      contentSha256: ids.key(1),
      root: [
        [ids.chunk(1), 120_000],
        [ids.chunk(2), 80_000],
      ],
    }),
    record('blob in pages', 'DML-OBJ-1909', {
      type: 'datum',
      kind: 'blob',
      sizeBytes: 50_000_000,
      contentSha256: ids.key(2),
      root: ids.page(4),
    }),
  ];
}

export function datumRefusals(): Draft[] {
  const datum = (detail: Parameters<typeof errorOf>[0]) => errorOf(detail, 'datum');
  const link = `d82a58250001711220${ids.datum()}`;
  const chunk = `d82a58250001551220${ids.chunk()}`;
  const hash = `5820${ids.key()}`;
  return [
    refused('kind 0', 'DML-OBJ-1002', '83010200', datum('datum_kind')),
    refused('kind -1', 'DML-OBJ-1002', '83010220', datum('datum_kind')),
    refused('kind 12', 'DML-OBJ-0234', '8301020c', datum('newer_kind')),
    refused('kind 12 with a map', 'DML-OBJ-0235', '8401020ca0', datum('newer_kind')),
    refused('kind 12 with a float of 32 bits', 'DML-OBJ-0235', '8401020cfa3f800000', datum('newer_kind')),
    refused('kind of 64 bits', 'DML-OBJ-0234', '8301021b7fffffffffffffff', datum('newer_kind')),
    refused('kind in two bytes', 'DML-OBJ-0235', '8301021801', datum('newer_kind')),
    refused('kind is a text', 'DML-OBJ-0226', '8301026131', datum('field_type')),
    refused('null with a payload', 'DML-OBJ-0208', '84010201f6', datum('field_count')),
    refused('bool without a payload', 'DML-OBJ-0208', '83010202', datum('field_count')),
    refused('string with two payloads', 'DML-OBJ-0208', '8501020661616162', datum('field_count')),
    refused('bool is an integer', 'DML-OBJ-0226', '8401020201', datum('field_type')),
    refused('i64 is a float', 'DML-OBJ-0701', '84010203fb3ff0000000000000', datum('field_type')),
    refused('i64 is a text', 'DML-OBJ-0226', '840102036131', datum('field_type')),
    refused('i64 of 2^63', 'DML-OBJ-0703', '840102031b8000000000000000', datum('i64_range')),
    refused('i64 below -2^63', 'DML-OBJ-0703', '840102033b8000000000000000', datum('i64_range')),
    refused('i64 of 2^64-1', 'DML-OBJ-0703', '840102031bffffffffffffffff', datum('i64_range')),
    refused('f64 is an integer', 'DML-OBJ-0701', '8401020401', datum('field_type')),
    refused('f64 spelled NaN', 'DML-OBJ-1006', '84010204634e614e', datum('f64_spelling')),
    refused('f64 spelled +inf', 'DML-OBJ-1006', '84010204642b696e66', datum('f64_spelling')),
    refused('f64 spelled 1.0', 'DML-OBJ-1006', '8401020463312e30', datum('f64_spelling')),
    refused('f64 is null', 'DML-OBJ-0226', '84010204f6', datum('field_type')),
    refused('bytes is a text', 'DML-OBJ-0226', '840102056161', datum('field_type')),
    refused('string is bytes', 'DML-OBJ-0226', '840102064161', datum('field_type')),
    refused('uri not canonical', 'DML-OBJ-0602', '840102076648747470733a', datum('uri_not_canonical')),
    refused('uri that is none', 'DML-OBJ-0601', '840102076161', datum('uri_syntax')),
    refused('uri is bytes', 'DML-OBJ-0226', '8401020744783a2f61', datum('field_type')),
    refused(
      'uri attachment not in the text',
      'DML-OBJ-1011',
      `8501020763783a61${link}`,
      datum('uri_attachment'),
    ),
    refused('uri attachment is null', 'DML-OBJ-0226', '8501020763783a61f6', datum('field_type')),
    refused('uri attachment is a chunk', 'DML-OBJ-0304', `8501020763783a61${chunk}`, datum('link_codec')),
    refused('list root is null', 'DML-OBJ-0226', '84010208f6', datum('field_type')),
    refused('list root is a chunk', 'DML-OBJ-0304', `84010208${chunk}`, datum('link_codec')),
    refused('list element is a chunk', 'DML-OBJ-0304', `8401020881${chunk}`, datum('link_codec')),
    refused('list element is bare', 'DML-OBJ-0226', '840102088101', datum('field_type')),
    refused('list element of a collection kind', 'DML-OBJ-1104', '8401020881820880', datum('element_kind')),
    refused('list element of kind 0', 'DML-OBJ-1104', '8401020881820001', datum('element_kind')),
    refused('list element of kind 12', 'DML-OBJ-0234', '8401020881820c01', datum('newer_kind')),
    refused('list element of kind 200', 'DML-OBJ-0234', '84010208818218c801', datum('newer_kind')),
    refused('list element of kind -1', 'DML-OBJ-1104', '8401020881822001', datum('element_kind')),
    refused('list element without kind', 'DML-OBJ-0226', '840102088180', datum('field_type')),
    refused(
      'list element with an attachment',
      'DML-OBJ-1105',
      `8401020881${`83077842783a${hexText(ids.datum())}`}${link}`,
      datum('element_kind'),
    ),
    refused('list element with too many members', 'DML-OBJ-0208', '840102088183020202', datum('field_count')),
    refused(
      'list element of 129 bytes',
      'DML-OBJ-1103',
      ['84010208818206787d', { repeat: '61', count: 125 }],
      datum('element_size'),
    ),
    refused(
      'list element of 129 bytes, a byte string',
      'DML-OBJ-1103',
      ['84010208818205587d', { repeat: '00', count: 125 }],
      datum('element_size'),
    ),
    refused('set with an element twice', 'DML-OBJ-1905', '840102098282030182' + '0301', datum('entry_order')),
    refused('set in another order', 'DML-OBJ-1905', '8401020982820302820301', datum('entry_order')),
    refused('map with a key twice', 'DML-OBJ-1905', '8401020a8282616181018261618101', datum('entry_order')),
    refused('map in another order', 'DML-OBJ-1905', '8401020a8282616281018261618101', datum('entry_order')),
    refused(
      'map ordered by length first',
      'DML-OBJ-1905',
      '8401020a82826162810182626161' + '8101',
      datum('entry_order'),
    ),
    refused(
      'map ordered by UTF-16',
      'DML-OBJ-1905',
      '8401020a8282' + '64f0908080' + '8101' + '82' + '63efbfae' + '8101',
      datum('entry_order'),
    ),
    refused('map key is an integer', 'DML-OBJ-0226', '8401020a8182018101', datum('field_type')),
    refused(
      'map key of 4097 bytes',
      'DML-OBJ-0512',
      ['8401020a8182791001', { repeat: '61', count: 4097 }, '8101'],
      datum('map_key_length'),
    ),
    refused('map entry without a value', 'DML-OBJ-1904', '8401020a81816161', datum('entry_form')),
    refused('map entry with three members', 'DML-OBJ-1904', '8401020a8183616181018101', datum('entry_form')),
    refused('map entry is a text', 'DML-OBJ-0226', '8401020a816161', datum('field_type')),
    refused(
      'blob with a short hash',
      'DML-OBJ-0404',
      ['8601020b03581f', { repeat: '00', count: 31 }, '80'],
      datum('id_length'),
    ),
    refused(
      'blob with a negative size',
      'DML-OBJ-0702',
      ['8601020b205820', { repeat: '00', count: 32 }, '80'],
      datum('integer_range'),
    ),
    refused(
      'blob with a size of 2^53',
      'DML-OBJ-0702',
      ['8601020b1b00200000000000005820', { repeat: '00', count: 32 }, '80'],
      datum('integer_range'),
    ),
    refused(
      'blob of a record link',
      'DML-OBJ-0304',
      ['8601020b035820', { repeat: '00', count: 32 }, `8182${link}03`],
      datum('link_codec'),
    ),
    refused(
      'blob with an empty chunk',
      'DML-OBJ-1907',
      ['8601020b035820', { repeat: '00', count: 32 }, `8182${chunk}00`],
      datum('entry_form'),
    ),
    refused(
      'embedded leaf too large',
      'DML-OBJ-1908',
      ['840102089883', { repeat: `8205587c${'00'.repeat(124)}`, count: 131 }],
      datum('page_end'),
    ),
    refused(
      'embedded leaf that goes on behind the end of a page',
      'DML-OBJ-1908',
      `84010208${hexOfBytes(encodeByCborg(Array.from({ length: 1000 }, (_, at) => [3, at])))}`,
      datum('page_end'),
    ),
    refused(
      'map that goes on behind the end of a page',
      'DML-OBJ-1908',
      `8401020a${hexOfBytes(encodeByCborg(Array.from({ length: 900 }, (_, at) => [String(at).padStart(5, '0'), [1]])))}`,
      datum('page_end'),
    ),
    refused(
      'blob whose chunks go on behind the end of a page',
      'DML-OBJ-1908',
      [`8601020b1a00b71b00${hash}990258`, { repeat: `82${chunk}194e20`, count: 600 }],
      datum('page_end'),
    ),
    refused(
      'blob longer than its chunks',
      'DML-OBJ-1013',
      [`8601020b04${hash}8182${chunk}03`],
      datum('blob_size'),
    ),
    refused('blob of 99 bytes without chunks', 'DML-OBJ-1013', `8601020b1863${hash}80`, datum('blob_size')),
    refused(
      'blob of one chunk with another hash',
      'DML-OBJ-1014',
      `8601020b03${hash}8182${chunk}03`,
      datum('blob_content'),
    ),
    refused('empty blob with another hash', 'DML-OBJ-1014', `8601020b00${hash}80`, datum('blob_content')),
    refused(
      'blob whose first chunk is too short',
      'DML-OBJ-1913',
      `8601020b194001${hash}8282${chunk}19400082${chunk}01`,
      datum('blob_chunks'),
    ),
  ];
}

export function jsonRefusals(): Draft[] {
  const at = errorOf('json_form');
  const datum = (detail: Parameters<typeof errorOf>[0]) => errorOf(detail, 'datum');
  const link = { '/': 'bafyreiflvov2xk5lvov2xk5lvov2xk5lvov2xk5lvov2xk5lvov2xk5lvm' };
  const chunkLink = { '/': 'bafkreiflvov2xk5lvov2xk5lvov2xk5lvov2xk5lvov2xk5lvov2xk5lvm' };
  return [
    notEncoded('not an object', 'DML-OBJ-2203', 'x', at),
    notEncoded('null', 'DML-OBJ-2203', null, at),
    notEncoded('no type', 'DML-OBJ-2203', { kind: 'null' }, at),
    notEncoded('unknown type', 'DML-OBJ-2203', { type: 'thing' }, at),
    notEncoded('unknown kind', 'DML-OBJ-2203', { type: 'datum', kind: 'date', value: 1 }, at),
    notEncoded('unknown field', 'DML-OBJ-2203', { type: 'datum', kind: 'null', value: 1 }, at),
    notEncoded('missing field', 'DML-OBJ-2203', { type: 'datum', kind: 'bool' }, at),
    notEncoded('field of another type', 'DML-OBJ-2203', { type: 'datum', kind: 'bool', value: 1 }, at),
    notEncoded('i64 with a fraction', 'DML-OBJ-2206', { type: 'datum', kind: 'i64', value: 1.5 }, at),
    notEncoded(
      'i64 text that a number holds',
      'DML-OBJ-2206',
      { type: 'datum', kind: 'i64', value: '5' },
      at,
    ),
    notEncoded(
      'i64 text of 2^53-1',
      'DML-OBJ-2206',
      { type: 'datum', kind: 'i64', value: '9007199254740991' },
      datum('json_form'),
    ),
    notEncoded(
      'i64 number of 2^53',
      'DML-OBJ-2206',
      { type: 'datum', kind: 'i64', value: 9007199254740992 },
      at,
    ),
    notEncoded(
      'i64 text of 2^63',
      'DML-OBJ-1004',
      { type: 'datum', kind: 'i64', value: '9223372036854775808' },
      datum('i64_range'),
    ),
    notEncoded(
      'i64 text below -2^63',
      'DML-OBJ-1004',
      { type: 'datum', kind: 'i64', value: '-9223372036854775809' },
      datum('i64_range'),
    ),
    notEncoded('f64 spelled NaN', 'DML-OBJ-2207', { type: 'datum', kind: 'f64', value: 'NaN' }, at),
    notEncoded(
      'bytes with padding',
      'DML-OBJ-2205',
      { type: 'datum', kind: 'bytes', value: { '/': { bytes: 'AQ==' } } },
      at,
    ),
    notEncoded(
      'bytes with spare bits',
      'DML-OBJ-2205',
      { type: 'datum', kind: 'bytes', value: { '/': { bytes: 'AR' } } },
      datum('json_form'),
    ),
    notEncoded(
      'bytes of one digit',
      'DML-OBJ-2205',
      { type: 'datum', kind: 'bytes', value: { '/': { bytes: 'A' } } },
      datum('json_form'),
    ),
    notEncoded(
      'name not in NFC',
      'DML-OBJ-2211',
      { type: 'meta', key: 'e\u0301', value: 1 },
      errorOf('text_not_nfc', 'meta'),
    ),
    ...[31, 33].map((length) =>
      notEncoded(
        `content hash of ${length} bytes`,
        'DML-OBJ-0404',
        {
          type: 'datum',
          kind: 'blob',
          sizeBytes: 0,
          contentSha256: { '/': { bytes: formatBase64(new Uint8Array(length)) } },
          root: [],
        },
        datum('id_length'),
      ),
    ),
    notEncoded(
      'link to a chunk',
      'DML-OBJ-2204',
      { type: 'node', kind: 'literal', datum: chunkLink },
      errorOf('link_codec', 'node'),
    ),
    notEncoded(
      'link that is no CID',
      'DML-OBJ-2203',
      { type: 'node', kind: 'literal', datum: { '/': 'bafy' } },
      at,
    ),
    notEncoded(
      'element with a type',
      'DML-OBJ-2203',
      { type: 'datum', kind: 'list', root: [{ type: 'datum', kind: 'null' }] },
      at,
    ),
    notEncoded(
      'map out of order',
      'DML-OBJ-2211',
      {
        type: 'datum',
        kind: 'map',
        root: [
          ['b', link],
          ['a', link],
        ],
      },
      datum('entry_order'),
    ),
    notEncoded(
      'leaf page of level 1',
      'DML-OBJ-2203',
      { type: 'page', role: 'inputs', level: 1, entries: [link] },
      at,
    ),
    notEncoded(
      'uri of another form',
      'DML-OBJ-2211',
      { type: 'datum', kind: 'uri', value: 'HTTP://a' },
      datum('uri_not_canonical'),
    ),
    notEncoded(
      'too long uri',
      'DML-OBJ-0603',
      { type: 'datum', kind: 'uri', value: `x:${'a'.repeat(8191)}` },
      datum('uri_length'),
    ),
    notEncoded(
      'too large record',
      'DML-OBJ-0209',
      { type: 'datum', kind: 'string', value: 'a'.repeat(1_048_576) },
      datum('record_size'),
    ),
  ];
}

export function inlineVectors(): Draft[] {
  const inline = (name: string, value: unknown, hex: string): Draft => ({
    name,
    requirement: 'DML-OBJ-1102',
    operation: 'inline',
    value,
    inline: true,
    hex,
  });
  const linked = (name: string, value: unknown, id: string): Draft => ({
    name,
    requirement: 'DML-OBJ-1102',
    operation: 'inline',
    value,
    inline: false,
    hex: `d82a58250001711220${id}`,
  });
  return [
    inline('null stands inline', { type: 'datum', kind: 'null' }, '8101'),
    inline('number stands inline', { type: 'datum', kind: 'i64', value: 7 }, '820307'),
    inline('uri stands inline', { type: 'datum', kind: 'uri', value: 'urn:a' }, '82076575726e3a61'),
    inline(
      'string whose element has 128 bytes',
      { type: 'datum', kind: 'string', value: 'a'.repeat(124) },
      `8206787c${'61'.repeat(124)}`,
    ),
    linked(
      'string whose element has 129 bytes',
      { type: 'datum', kind: 'string', value: 'a'.repeat(125) },
      idOf(['84010206787d', '61'.repeat(125)]),
    ),
    inline(
      'characters of two bytes, 128 bytes',
      { type: 'datum', kind: 'string', value: '\u00e9'.repeat(62) },
      `8206787c${'c3a9'.repeat(62)}`,
    ),
    linked(
      'characters of two bytes, 130 bytes',
      { type: 'datum', kind: 'string', value: '\u00e9'.repeat(63) },
      idOf(['84010206787e', 'c3a9'.repeat(63)]),
    ),
    linked('empty list', { type: 'datum', kind: 'list', root: [] }, idOf(['8401020880'])),
  ];
}

function idOf(parts: readonly string[]): string {
  return sha256Hex(bytesOfVector(parts.join('')));
}

function hexText(text: string): string {
  return hexOfBytes(new TextEncoder().encode(text));
}
