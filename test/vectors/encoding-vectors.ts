import { DEPTH_MAX, ITEMS_MAX, decodeCanonical, encodeCanonical, toHex } from '#protocol/encoding'
import type { EncodingRefusal, Value } from '#protocol/encoding'
import { tagged } from './vector-form.ts'
import type { Hex, VectorFile } from './vector-form.ts'

const VALID: [string, Value][] = [
  ['null', null],
  ['false', false],
  ['true', true],
  ['zero', 0],
  ['the largest integer in one byte', 23],
  ['the smallest integer that needs a second byte', 24],
  ['one byte of argument, full', 255],
  ['two bytes of argument', 256],
  ['four bytes of argument', 65_536],
  ['eight bytes of argument', 4_294_967_296],
  ['the largest integer, 2^53 - 1', Number.MAX_SAFE_INTEGER],
  ['minus one', -1],
  ['minus 25', -25],
  ['the smallest integer, -(2^53 - 1)', Number.MIN_SAFE_INTEGER],
  ['empty bytes', new Uint8Array()],
  ['24 bytes need a length byte', new Uint8Array(24).fill(7)],
  ['empty text', ''],
  ['text of two, three and four byte characters', 'é€😀'],
  ['a byte order mark is a character like others', '\ufeffa'],
  ['a text is not normalised: e with a combining accent', 'e\u0301'],
  ['empty list', []],
  ['nested lists', [[1], [[2]], []]],
  ['empty map', {}],
  ['map keys go by length, then bytewise', { b: 1, aa: 2, B: 3, '': 4, é: 5 }],
  ['a key named constructor is a key like others', Object.fromEntries([['constructor', 1]])],
  ['a map of a list of maps', { list: [{ t: 'a' }, { t: 'b', n: -7 }], on: true }],
]

const MANY = ITEMS_MAX.toString(16).padStart(8, '0')

const INVALID: [string, Hex, EncodingRefusal][] = [
  ['nothing', '', 'truncated'],
  ['a list that announces an item and ends', '81', 'truncated'],
  ['a length that is cut', '59ff', 'truncated'],
  ['bytes shorter than announced', '43aabb', 'truncated'],
  ['a length of 2^53 - 1 with nothing behind it', '5b001fffffffffffff', 'truncated'],
  ['a map that ends before its second key', 'a261616162', 'truncated'],
  ['a second value', 'f6f6', 'trailing-bytes'],
  ['23 in two bytes', '1817', 'not-canonical'],
  ['255 in three bytes', '1900ff', 'not-canonical'],
  ['65535 in five bytes', '1a0000ffff', 'not-canonical'],
  ['2^32 - 1 in nine bytes', '1b00000000ffffffff', 'not-canonical'],
  ['a long form of a length', '580141', 'not-canonical'],
  ['a list of indefinite length', '9f00ff', 'not-canonical'],
  ['a reserved length', '1c', 'not-canonical'],
  ['the float 1.0, half precision', 'f93c00', 'unsupported-type'],
  ['the float 1.5, double precision', 'fb3ff8000000000000', 'unsupported-type'],
  ['undefined', 'f7', 'unsupported-type'],
  ['a simple value', 'f820', 'unsupported-type'],
  ['a tag, here of a link', 'd82a450001551200', 'unsupported-type'],
  ['2^53', '1b0020000000000000', 'integer-too-large'],
  ['-2^53', '3b001fffffffffffff', 'integer-too-large'],
  ['an over-long slash', '62c0af', 'bad-utf8'],
  ['a surrogate', '63eda080', 'bad-utf8'],
  ['a character above U+10FFFF', '64f4908080', 'bad-utf8'],
  ['a number as key', 'a10000', 'bad-map-keys'],
  ['bytes as key', 'a1416100', 'bad-map-keys'],
  ['keys out of order', 'a2616200616100', 'bad-map-keys'],
  ['a longer key before a shorter one', 'a262616100616200', 'bad-map-keys'],
  ['a key twice', 'a2616100616101', 'bad-map-keys'],
  ['a key named __proto__', 'a1695f5f70726f746f5f5f00', 'bad-map-keys'],
  ['lists nested 17 deep', '81'.repeat(DEPTH_MAX + 1) + 'f6', 'too-deep'],
  [
    'a list of 100,000 items, 100,001 with itself',
    [
      { hex: `9a${MANY}`, times: 1 },
      { hex: 'f6', times: ITEMS_MAX },
    ],
    'too-many-items',
  ],
]

/** docs/protocol/encoding.md */
export function encodingVectors(): VectorFile {
  const deepest = '81'.repeat(DEPTH_MAX) + 'f6'
  const fewer = (ITEMS_MAX - 1).toString(16).padStart(8, '0')
  return {
    about: [
      'Canonical encoding. valid: hex decodes to value, and value encodes to hex. invalid: hex is refused.',
      'Values: bytes are {"hex"}, maps are {"map": [[key, value], ...]} in encoded order, the rest is JSON.',
      'hex may be a list of pieces {"hex", "times"} to be repeated and joined; then value is left out.',
    ],
    valid: [
      ...VALID.map(([name, value]) => {
        const hex = toHex(encodeCanonical(value))
        const decoded = decodeCanonical(encodeCanonical(value))
        if (!decoded.ok) throw new Error(`${name}: ${decoded.refusal}`)
        return { name, hex, value: tagged(decoded.value) }
      }),
      { name: 'lists nested 16 deep', hex: deepest },
      {
        name: 'a list of 99,999 items, 100,000 with itself',
        hex: [
          { hex: `9a${fewer}`, times: 1 },
          { hex: 'f6', times: ITEMS_MAX - 1 },
        ],
      },
    ],
    invalid: INVALID.map(([name, hex, refusal]) => ({ name, hex, refusal })),
  }
}
