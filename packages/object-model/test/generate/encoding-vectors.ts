import { ids } from './samples.ts';
import { type Draft, errorOf, refused } from './vector-file.ts';

/** Refusals below the record: every rule of the profile, in the place of a field. */
export function encodingRefusals(): Draft[] {
  const datum = (detail: Parameters<typeof errorOf>[0]) => errorOf(detail, 'datum');
  const bare = errorOf;
  const id = ids.datum();
  const nested = (depth: number): string => `84010208${'81'.repeat(depth)}8101`;
  return [
    refused('empty', 'DML-OBJ-0213', '', bare('truncated')),
    refused('one byte', 'DML-OBJ-0213', '83', bare('truncated')),
    refused('two bytes', 'DML-OBJ-0213', '8301', bare('truncated')),
    refused('integer', 'DML-OBJ-0201', '010203', bare('record_form')),
    refused('map', 'DML-OBJ-0201', 'a10102', bare('record_form')),
    refused('text', 'DML-OBJ-0201', '626162', bare('record_form')),
    refused('array of two', 'DML-OBJ-0201', '820102', bare('record_form')),
    refused(
      'array of 24',
      'DML-OBJ-0201',
      ['9818', '0102', { repeat: '00', count: 22 }],
      bare('record_form'),
    ),
    refused('array head too long', 'DML-OBJ-0201', '9803010201', bare('record_form')),
    refused('array of indefinite length', 'DML-OBJ-0201', '9f010201ff', bare('record_form')),
    refused('tagged record', 'DML-OBJ-0201', 'd9d9f783010201', bare('record_form')),
    refused('version 0', 'DML-OBJ-0203', '83000201', bare('format_version')),
    refused('version 2', 'DML-OBJ-0203', '83020201', bare('format_version')),
    refused('version 2 with items unknown to this one', 'DML-OBJ-0203', '830202a0', bare('format_version')),
    refused('version 24', 'DML-OBJ-0203', '8318180201', bare('format_version')),
    refused('version in two bytes', 'DML-OBJ-0203', '8318010201', bare('format_version')),
    refused('version is a text', 'DML-OBJ-0201', '8361310201', bare('record_form')),
    refused('version is negative', 'DML-OBJ-0201', '83200201', bare('record_form')),
    refused('type 0', 'DML-OBJ-0206', '83010001', bare('record_type')),
    refused('type 12', 'DML-OBJ-0206', '83010c01', bare('record_type')),
    refused('type 200', 'DML-OBJ-0206', '830118c801', bare('record_type')),
    refused('type is a text', 'DML-OBJ-0201', '8301613101', bare('record_form')),
    refused('datum for node', 'DML-OBJ-0207', '83010201', errorOf('unexpected_type', 'datum'), 'node'),
    refused('ref for commit', 'DML-OBJ-0207', '8401070102', errorOf('unexpected_type', 'ref'), 'commit'),
    refused(
      'too long',
      'DML-OBJ-0209',
      ['840102057a00100000', { repeat: '00', count: 1_048_576 }],
      bare('record_size'),
    ),
    refused('cut off in an integer', 'DML-OBJ-0213', '8401020319', datum('truncated')),
    refused('cut off in a byte string', 'DML-OBJ-0213', '84010205430102', datum('truncated')),
    refused('cut off in a text', 'DML-OBJ-0213', '84010206636161', datum('truncated')),
    refused('cut off in a float', 'DML-OBJ-0213', '84010204fb3ff00000', datum('truncated')),
    refused(
      'cut off in a link',
      'DML-OBJ-0213',
      `84010208d82a58250001711220${id.slice(0, 40)}`,
      datum('truncated'),
    ),
    refused('cut off before an item', 'DML-OBJ-0213', '84010219ffff', datum('truncated')),
    refused('length of 2^32 - 1', 'DML-OBJ-0213', '840102055affffffff', datum('truncated')),
    refused('length of 2^63', 'DML-OBJ-0213', '840102055b8000000000000000', datum('truncated')),
    refused('byte behind', 'DML-OBJ-0214', '8301020100', datum('trailing_bytes')),
    refused('record behind', 'DML-OBJ-0214', '8301020183010201', datum('trailing_bytes')),
    refused('array of 2^32 - 1', 'DML-OBJ-0215', '840102089affffffff', datum('count_exceeds_bytes')),
    refused('array of 2^53', 'DML-OBJ-0215', '840102089b0020000000000000', datum('count_exceeds_bytes')),
    refused('array of 3 in 2 bytes', 'DML-OBJ-0215', '84010208838101', datum('count_exceeds_bytes')),
    refused('17 levels', 'DML-OBJ-0216', nested(15), datum('nesting_depth')),
    refused(
      'a thousand levels',
      'DML-OBJ-0216',
      ['84010208', { repeat: '81', count: 1000 }, '00'],
      datum('nesting_depth'),
    ),
    refused('16 levels that mean nothing', 'DML-OBJ-0226', nested(14), datum('field_type')),
    refused(
      'byte string of indefinite length',
      'DML-OBJ-0217',
      '840102055f4161ff',
      datum('indefinite_length'),
    ),
    refused('text of indefinite length', 'DML-OBJ-0217', '840102067f6161ff', datum('indefinite_length')),
    refused('array of indefinite length inside', 'DML-OBJ-0217', '840102089fff', datum('indefinite_length')),
    refused('break alone', 'DML-OBJ-0217', '84010202ff', datum('indefinite_length')),
    refused('23 in two bytes', 'DML-OBJ-0218', '840102031817', datum('not_shortest')),
    refused('255 in three bytes', 'DML-OBJ-0218', '840102031900ff', datum('not_shortest')),
    refused('65535 in five bytes', 'DML-OBJ-0218', '840102031a0000ffff', datum('not_shortest')),
    refused('2^32 - 1 in nine bytes', 'DML-OBJ-0218', '840102031b00000000ffffffff', datum('not_shortest')),
    refused('-1 in two bytes', 'DML-OBJ-0218', '840102033800', datum('not_shortest')),
    refused('length of text in two bytes', 'DML-OBJ-0218', '84010206780161', datum('not_shortest')),
    refused('length of bytes in three bytes', 'DML-OBJ-0218', '840102055900020102', datum('not_shortest')),
    refused('count of items in two bytes', 'DML-OBJ-0218', '8401020898018101', datum('not_shortest')),
    refused('tag in three bytes', 'DML-OBJ-0218', `84010208d9002a58250001711220${id}`, datum('not_shortest')),
    refused('additional information 28', 'DML-OBJ-0219', '840102031c00', datum('reserved_head')),
    refused('additional information 29', 'DML-OBJ-0219', '840102055d00', datum('reserved_head')),
    refused('additional information 30', 'DML-OBJ-0219', '840102037e00', datum('reserved_head')),
    refused('reserved simple head', 'DML-OBJ-0219', '84010204fc', datum('reserved_head')),
    refused('float of 16 bits', 'DML-OBJ-0220', '84010204f93c00', datum('float_width')),
    refused('float of 32 bits', 'DML-OBJ-0220', '84010204fa3f800000', datum('float_width')),
    refused('NaN', 'DML-OBJ-0221', '84010204fb7ff8000000000000', datum('float_not_finite')),
    refused('NaN with a payload', 'DML-OBJ-0221', '84010204fb7ff8000000000001', datum('float_not_finite')),
    refused('signalling NaN', 'DML-OBJ-0221', '84010204fb7ff0000000000001', datum('float_not_finite')),
    refused('negative NaN', 'DML-OBJ-0221', '84010204fbfff8000000000000', datum('float_not_finite')),
    refused('infinity', 'DML-OBJ-0221', '84010204fb7ff0000000000000', datum('float_not_finite')),
    refused('minus infinity', 'DML-OBJ-0221', '84010204fbfff0000000000000', datum('float_not_finite')),
    refused('minus zero', 'DML-OBJ-0222', '84010204fb8000000000000000', datum('float_negative_zero')),
    refused('undefined', 'DML-OBJ-0223', '84010202f7', datum('simple_value')),
    refused('simple value 0', 'DML-OBJ-0223', '84010202e0', datum('simple_value')),
    refused('simple value 255', 'DML-OBJ-0223', '84010202f8ff', datum('simple_value')),
    refused('map inside', 'DML-OBJ-0224', '8401020aa1616101', datum('map_not_allowed')),
    refused('empty map inside', 'DML-OBJ-0224', '8401020aa0', datum('map_not_allowed')),
    refused('tag 0', 'DML-OBJ-0225', '84010206c06161', datum('unknown_tag')),
    refused('tag 2, a big integer', 'DML-OBJ-0225', '84010203c24101', datum('unknown_tag')),
    refused('tag 41', 'DML-OBJ-0225', '84010208d82941ff', datum('unknown_tag')),
    refused('tag 258, a set', 'DML-OBJ-0225', '84010209d9010280', datum('unknown_tag')),
    ...utf8Refusals(),
  ];
}

function utf8Refusals(): Draft[] {
  const error = errorOf('utf8', 'datum');
  const text = (name: string, hex: string): Draft =>
    refused(name, 'DML-OBJ-0501', `84010206${(0x60 + hex.length / 2).toString(16)}${hex}`, error);
  return [
    text('continuation byte alone', '80'),
    text('overlong of two bytes', 'c080'),
    text('overlong slash', 'c0af'),
    text('overlong of three bytes', 'e08080'),
    text('overlong of four bytes', 'f0808080'),
    text('surrogate', 'eda080'),
    text('pair of surrogates', 'eda080edb080'),
    text('above U+10FFFF', 'f4908080'),
    text('byte F5', 'f5808080'),
    text('byte FF', 'ff'),
    text('two bytes cut off', 'c3'),
    text('three bytes cut off', 'e282'),
    text('four bytes cut off', 'f09f98'),
    text('cut off by a letter', 'e28261'),
    text('Latin-1', 'e9'),
  ];
}

export function linkRefusals(): Draft[] {
  const id = ids.datum();
  const error = errorOf('link_form', 'node');
  const literal = (link: string): string => `84010301${link}`;
  return [
    refused('link over a text', 'DML-OBJ-0301', literal(`d82a7825${'61'.repeat(37)}`), error),
    refused('link over an integer', 'DML-OBJ-0301', literal('d82a01'), error),
    refused('link without identity prefix', 'DML-OBJ-0301', literal(`d82a582401711220${id}`), error),
    refused('link with another prefix', 'DML-OBJ-0301', literal(`d82a58250101711220${id}`), error),
    refused('link of CID version 0', 'DML-OBJ-0301', literal(`d82a5823001220${id}`), error),
    refused('link of CID version 2', 'DML-OBJ-0301', literal(`d82a58250002711220${id}`), error),
    refused('link with codec dag-pb', 'DML-OBJ-0301', literal(`d82a58250001701220${id}`), error),
    refused('link with another hash', 'DML-OBJ-0301', literal(`d82a58250001711320${id}`), error),
    refused('link with another hash length', 'DML-OBJ-0301', literal(`d82a58250001711221${id}`), error),
    refused('link with a longer hash', 'DML-OBJ-0301', literal(`d82a58260001711221${id}00`), error),
    refused(
      'link with a byte string head of three bytes',
      'DML-OBJ-0301',
      literal(`d82a5900250001711220${id}`),
      error,
    ),
    refused('link cut off behind the tag', 'DML-OBJ-0213', literal('d82a'), errorOf('truncated', 'node')),
    refused('link cut off in its head', 'DML-OBJ-0213', literal('d82a58'), errorOf('truncated', 'node')),
    refused(
      'link cut off behind its head',
      'DML-OBJ-0213',
      literal('d82a5825'),
      errorOf('truncated', 'node'),
    ),
    refused('link inside a link', 'DML-OBJ-0301', literal(`d82ad82a58250001711220${id}`), error),
    refused(
      'raw link where a record is called for',
      'DML-OBJ-0304',
      literal(`d82a58250001551220${id}`),
      errorOf('link_codec', 'node'),
    ),
    refused(
      'bytes where a link is called for',
      'DML-OBJ-0226',
      literal(`5820${id}`),
      errorOf('field_type', 'node'),
    ),
    refused('null where a link is called for', 'DML-OBJ-0226', literal('f6'), errorOf('field_type', 'node')),
  ];
}
