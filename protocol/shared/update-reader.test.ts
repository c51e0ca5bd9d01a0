import * as encoding from 'lib0/encoding'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { hostileUpdate, lengthBody, textBody, valuesBody } from './hostile-update.ts'
import type { HostileStruct } from './hostile-update.ts'
import {
  CLOCK_MAX,
  UPDATE_BYTES_MAX,
  UPDATE_DELETES_MAX,
  UPDATE_STRUCTS_MAX,
  UPDATE_VALUES_MAX,
  UPDATE_WRITERS_MAX,
  VALUE_DEPTH_MAX,
  readUpdate,
} from './index.ts'

const WRITER = 2 ** 53 - 1

function written(write: (doc: Y.Doc) => void): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = WRITER
  doc.transact(() => write(doc))
  return Y.encodeStateAsUpdate(doc)
}

function parsed(bytes: Uint8Array) {
  const read = readUpdate(bytes)
  if (!read.ok) throw new Error(read.refusal)
  return read.update
}

function refusal(bytes: Uint8Array): string | null {
  const read = readUpdate(bytes)
  return read.ok ? null : read.refusal
}

function one(struct: HostileStruct, clock = 0): Uint8Array {
  return hostileUpdate({ writers: [{ writer: 7, clock, structs: [struct] }] })
}

function value(...bytes: number[]): Uint8Array {
  return one({
    content: 8,
    parent: 'm',
    key: 'k',
    body: (encoder) => {
      encoding.writeVarUint(encoder, 1)
      for (const byte of bytes) encoding.writeUint8(encoder, byte)
    },
  })
}

function text(...bytes: number[]): Uint8Array {
  return one({
    content: 4,
    parent: 't',
    body: (encoder) => encoding.writeVarUint8Array(encoder, Uint8Array.from(bytes)),
  })
}

describe('what Yjs writes', () => {
  it('a text is one struct with its length in UTF-16 units', () => {
    const update = parsed(written((doc) => doc.getText('t').insert(0, 'aé€😀\uFEFF')))
    const struct = {
      clock: 0,
      length: 6,
      content: 'text',
      origin: null,
      rightOrigin: null,
      root: 't',
      key: null,
    }
    expect(update.writers).toEqual([{ writer: WRITER, structs: [struct] }])
  })

  it('a string set in a map or pushed to an array is a JSON value', () => {
    const [map] = parsed(written((doc) => doc.getMap('m').set('k', 'text'))).writers
    expect(map?.structs[0]).toMatchObject({ content: 'values', length: 1, root: 'm', key: 'k' })
    const [array] = parsed(written((doc) => doc.getArray('a').push(['x', 'y', 1.5, null, true]))).writers
    expect(array?.structs).toMatchObject([{ content: 'values', length: 5, root: 'a', key: null }])
  })

  it('nested JSON is one value', () => {
    const update = parsed(written((doc) => doc.getArray('a').push([{ a: [1, { b: -(2 ** 40) }], c: {} }])))
    expect(update.writers[0]?.structs).toMatchObject([{ content: 'values', length: 1 }])
    expect(update.valueCount).toBe(6)
  })

  it('what is inserted and deleted in one transaction is a deleted struct with its range', () => {
    const update = parsed(
      written((doc) => {
        doc.getText('t').insert(0, 'gone')
        doc.getText('t').delete(0, 4)
      }),
    )
    expect(update.writers[0]?.structs).toMatchObject([{ content: 'deleted', length: 4 }])
    expect(update.deletes).toEqual([{ writer: WRITER, clock: 0, length: 4 }])
  })

  it('an item with a neighbour names neither root nor key', () => {
    const update = parsed(
      written((doc) => {
        doc.getMap('m').set('k', 1)
        doc.getMap('m').set('k', 2)
      }),
    )
    expect(update.writers[0]?.structs[1]).toMatchObject({
      origin: { writer: WRITER, clock: 0 },
      root: null,
      key: null,
    })
  })

  it('numbers, strings and keys of any JSON pass, but names that reach a prototype', () => {
    const refused = { ok: false, refusal: 'property-refused' }
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, noUnicodeString: false }), (json) => {
        const reachesPrototype = /"(?:__proto__|constructor|prototype)":/.test(JSON.stringify(json))
        // In a list, since Yjs asks the value itself for its constructor.
        expect(readUpdate(written((doc) => doc.getMap('m').set('k', [json])))).toMatchObject(
          reachesPrototype ? refused : { ok: true },
        )
      }),
      {
        examples: [
          [{ prototype: 0 }],
          [{ constructor: {} }],
          ['"prototype":'],
          [['__proto__', 'constructor']],
        ],
      },
    )
  })
})

describe('structs that a flat document cannot hold', () => {
  const bytes = (encoder: encoding.Encoder) => encoding.writeVarUint8Array(encoder, new Uint8Array(2))
  it.each([
    ['struct-gc', { content: 0, body: lengthBody(1) }],
    ['struct-skip', { content: 10, body: lengthBody(1) }],
    ['content-refused', { content: 2, parent: 't', body: lengthBody(1) }],
    ['content-refused', { content: 3, parent: 't', body: bytes }],
    ['content-refused', { content: 5, parent: 't', body: textBody('{}') }],
    ['content-refused', { content: 6, parent: 't', body: textBody('bold') }],
    ['content-refused', { content: 7, parent: 't', body: lengthBody(0) }],
    ['content-refused', { content: 9, parent: 't', body: textBody('guid') }],
    ['content-unknown', { content: 11, parent: 't', body: lengthBody(1) }],
    ['content-unknown', { content: 31, parent: 't', body: lengthBody(1) }],
    ['parent-item', { content: 4, parent: [7, 0] as const, body: textBody('a') }],
    ['struct-empty', { content: 4, parent: 't', body: textBody('') }],
    ['struct-empty', { content: 8, parent: 't', body: valuesBody() }],
    ['struct-empty', { content: 1, parent: 't', body: lengthBody(0) }],
  ])('%s: %o', (name, struct) => {
    expect(refusal(one(struct))).toBe(name)
  })

  it('content-refused: nested types, bytes, embeds and formats as Yjs writes them', () => {
    const updates = [
      written((doc) => doc.getMap('m').set('k', new Y.Map())),
      written((doc) => doc.getMap('m').set('k', new Uint8Array(2))),
      written((doc) => doc.getText('t').insertEmbed(0, { a: 1 })),
      written((doc) => doc.getText('t').insert(0, 'a', { bold: true })),
      written((doc) => doc.getMap('m').set('k', new Y.Doc())),
    ]
    for (const update of updates) expect(refusal(update)).toBe('content-refused')
  })
})

describe('values that JSON cannot hold', () => {
  it.each([
    ['value-refused', 'undefined', [127]],
    ['value-refused', 'bigint', [122, 0, 0, 0, 0, 0, 0, 0, 1]],
    ['value-refused', 'bytes', [116, 1, 0]],
    ['value-refused', 'an unknown tag', [115]],
    ['value-refused', 'a tag above 127', [200]],
    ['value-not-finite', 'a float32 infinity', [124, 0x7f, 0x80, 0, 0]],
    ['value-not-finite', 'a float64 NaN', [123, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0]],
    ['varint-too-large', 'an integer of 32 bits', [125, 0x80, 0x80, 0x80, 0x80, 0x10]],
    ['varint-padded', 'a padded integer', [125, 0x81, 0x00]],
    ['bytes-truncated', 'half a float', [123, 0, 0]],
    ['property-repeated', 'one key twice', [118, 2, 1, 97, 126, 1, 97, 126]],
  ])('%s: %s', (name, _what, bytes) => {
    expect(refusal(value(...bytes))).toBe(name)
  })

  it('property-refused: names that reach a prototype', () => {
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      const json = Object.fromEntries([['a', [Object.fromEntries([[name, 1]])]]])
      expect(refusal(written((doc) => doc.getMap('m').set('k', json)))).toBe('property-refused')
    }
  })
})

describe('numbers and strings have one form', () => {
  it.each([
    ['varint-padded', [0x80, 0x00, 0]],
    ['varint-too-large', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0]],
    ['varint-too-large', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x8f, 0x01]],
    ['bytes-truncated', [0x80]],
    ['bytes-truncated', []],
    ['bytes-trailing', [0, 0, 0]],
  ])('%s: %o', (name, bytes) => {
    expect(refusal(Uint8Array.from(bytes))).toBe(name)
  })

  it.each([
    ['a continuation byte alone', [0x80]],
    ['two bytes for one', [0xc1, 0x81]],
    ['three bytes for two', [0xe0, 0x9f, 0xbf]],
    ['four bytes for three', [0xf0, 0x8f, 0xbf, 0xbf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['a byte that never occurs', [0xf5, 0x80, 0x80, 0x80]],
    ['a cut character', [0x61, 0xe2, 0x82]],
    ['a broken character', [0xe2, 0x28, 0xa1]],
  ])('string-not-utf8: %s', (_what, bytes) => {
    expect(refusal(text(...bytes))).toBe('string-not-utf8')
  })

  it('strings are UTF-8 exactly when TextDecoder says so, and then of the same length', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const oddByte = fc.constantFrom(
      0x61,
      0x7f,
      0x80,
      0xbf,
      0xc2,
      0xe0,
      0xed,
      0xa0,
      0x9f,
      0xf0,
      0x90,
      0xf4,
      0x8f,
    )
    fc.assert(
      fc.property(fc.array(oddByte, { minLength: 1, maxLength: 8 }), (bytes) => {
        let units: number | null = null
        try {
          units = decoder.decode(Uint8Array.from(bytes)).length
        } catch {
          // Not UTF-8.
        }
        const read = readUpdate(text(...bytes))
        expect(read.ok ? (read.update.writers[0]?.structs[0]?.length ?? 0) : null).toBe(units)
      }),
      { numRuns: 5_000 },
    )
  })

  it('a long name is read whole', () => {
    const name = 'é😀'.repeat(5_000)
    const update = parsed(one({ content: 4, parent: name, body: textBody('a') }))
    expect(update.writers[0]?.structs[0]?.root).toBe(name)
  })
})

describe('limits', () => {
  const letter = (writer: number) => ({
    writer,
    clock: 0,
    structs: [{ content: 4, parent: 't', body: textBody('a') }],
  })
  const letters = (count: number) => {
    const structs = Array.from({ length: count }, () => ({ content: 4, parent: 't', body: textBody('a') }))
    return hostileUpdate({ writers: [{ writer: 7, clock: 0, structs }] })
  }
  const deletes = (count: number) => {
    const ranges = Array.from({ length: count }, (_, index) => [index * 2, 1] as const)
    return hostileUpdate({ deletes: [{ writer: 7, ranges }] })
  }
  const nested = (depth: number) => {
    let json: unknown[] = []
    for (let level = 1; level < depth; level += 1) json = [json]
    return written((doc) => doc.getMap('m').set('k', json))
  }

  it('bytes-too-many', () => {
    const update = (length: number) =>
      one({ content: 4, parent: 't', body: textBody('a'.repeat(length)) }).length
    const overhead = update(UPDATE_BYTES_MAX / 2) - UPDATE_BYTES_MAX / 2
    const fill = (length: number) => one({ content: 4, parent: 't', body: textBody('a'.repeat(length)) })
    expect(refusal(fill(UPDATE_BYTES_MAX - overhead))).toBe(null)
    expect(refusal(fill(UPDATE_BYTES_MAX - overhead + 1))).toBe('bytes-too-many')
  })

  it('structs-too-many', () => {
    expect(refusal(letters(UPDATE_STRUCTS_MAX))).toBe(null)
    expect(refusal(letters(UPDATE_STRUCTS_MAX + 1))).toBe('structs-too-many')
  })

  it('deletes-too-many', () => {
    expect(refusal(deletes(UPDATE_DELETES_MAX))).toBe(null)
    expect(refusal(deletes(UPDATE_DELETES_MAX + 1))).toBe('deletes-too-many')
  })

  it('writers-too-many', () => {
    const writers = (count: number) =>
      hostileUpdate({ writers: Array.from({ length: count }, (_, index) => letter(index)) })
    expect(refusal(writers(UPDATE_WRITERS_MAX))).toBe(null)
    expect(refusal(writers(UPDATE_WRITERS_MAX + 1))).toBe('writers-too-many')
  })

  it('values-too-many', () => {
    const values = (count: number) =>
      written((doc) => doc.getArray('a').push(Array.from({ length: count }, () => null)))
    expect(refusal(values(UPDATE_VALUES_MAX))).toBe(null)
    expect(refusal(values(UPDATE_VALUES_MAX + 1))).toBe('values-too-many')
  })

  it('value-too-deep', () => {
    expect(refusal(nested(VALUE_DEPTH_MAX))).toBe(null)
    expect(refusal(nested(VALUE_DEPTH_MAX + 1))).toBe('value-too-deep')
    const bomb = one({
      content: 8,
      parent: 'm',
      key: 'k',
      body: (encoder) => encoding.writeUint8Array(encoder, new Uint8Array(200_000).fill(117)),
    })
    expect(refusal(bomb)).toBe('value-too-deep')
  })

  it('clock-too-large', () => {
    const at = (clock: number) => one({ content: 1, parent: 't', body: lengthBody(5) }, clock)
    const range = (clock: number) => hostileUpdate({ deletes: [{ writer: 7, ranges: [[clock, 5]] }] })
    for (const bytes of [at, range]) {
      expect(refusal(bytes(CLOCK_MAX - 5))).toBe(null)
      expect(refusal(bytes(CLOCK_MAX - 4))).toBe('clock-too-large')
      expect(refusal(bytes(2 ** 53 - 1))).toBe('clock-too-large')
    }
  })

  it('a false count costs no more than the bytes that are there', () => {
    const count = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]
    expect(refusal(value(117, ...count, 126))).toBe('value-refused')
    expect(refusal(value(119, ...count, 97))).toBe('bytes-truncated')
    expect(refusal(Uint8Array.from([1, ...count, 7, 0]))).toBe('structs-too-many')
  })
})

describe('lists of writers and ranges', () => {
  it('writer-empty: a writer without structs or ranges', () => {
    expect(refusal(hostileUpdate({ writers: [{ writer: 7, clock: 0, structs: [] }] }))).toBe('writer-empty')
    expect(refusal(hostileUpdate({ deletes: [{ writer: 7, ranges: [] }] }))).toBe('writer-empty')
  })

  it('writer-repeated: a second list of one writer', () => {
    const writer = { writer: 7, clock: 0, structs: [{ content: 4, parent: 't', body: textBody('a') }] }
    expect(refusal(hostileUpdate({ writers: [writer, writer] }))).toBe('writer-repeated')
    const ranges = { writer: 7, ranges: [[0, 1]] as const }
    expect(refusal(hostileUpdate({ deletes: [ranges, ranges] }))).toBe('writer-repeated')
  })

  it('delete-empty: a range of nothing', () => {
    expect(refusal(hostileUpdate({ deletes: [{ writer: 7, ranges: [[3, 0]] }] }))).toBe('delete-empty')
  })

  it('delete-disordered: ranges that overlap or descend', () => {
    const ranges = (...list: (readonly [number, number])[]) =>
      refusal(hostileUpdate({ deletes: [{ writer: 7, ranges: list }] }))
    expect(ranges([0, 2], [2, 1])).toBe(null)
    expect(ranges([0, 2], [1, 2])).toBe('delete-disordered')
    expect(ranges([5, 1], [0, 1])).toBe('delete-disordered')
  })
})
