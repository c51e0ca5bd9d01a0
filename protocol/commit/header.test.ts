import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareBytes, decodeCanonical, encodeCanonical } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import { decodeHeader, encodeHeader } from './header.ts'
import type { Header } from './header.ts'
import {
  COMMIT_PAYLOAD_BYTES_MAX,
  ENTRIES_MAX,
  HEADER_BYTES_MAX,
  PAYLOAD_BYTES_MAX,
  SECTIONS_MAX,
  SEEN_MAX,
  SEQ_MAX,
} from './limits.ts'

const bytes32 = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)

const head = (device: Uint8Array, seq: number, id: Uint8Array): Header['seen'][number] => {
  return { device, seq, id }
}

const header: Header = {
  coop: bytes32(1),
  device: bytes32(2),
  seq: 7,
  prev: bytes32(3),
  epoch: bytes32(1),
  seen: [head(bytes32(4), 0, bytes32(5)), head(bytes32(6), 9, bytes32(7))],
  timeMs: 1_700_000_000_000,
  sections: [
    { document: 'board/a', entries: 1, hash: bytes32(8), length: 10 },
    { document: 'catalogue', entries: 2, hash: bytes32(9), length: 0 },
  ],
}

function verdict(changes: Partial<Header>): string {
  const result = decodeHeader(encodeHeader({ ...header, ...changes }))
  return result.ok ? 'ok' : result.refusal
}

/** The verdict on the header with the fields of its array changed as told. */
function verdictOfFields(change: (fields: Value[]) => void): string {
  const decoded = decodeCanonical(encodeHeader(header))
  const fields = decoded.ok && Array.isArray(decoded.value) ? decoded.value : []
  change(fields)
  const result = decodeHeader(encodeCanonical(fields))
  return result.ok ? 'ok' : result.refusal
}

function seenHeads(count: number): Header['seen'] {
  return Array.from({ length: count }, (_, i) => head(bytes32(10 + i), SEQ_MAX, bytes32(1)))
}

function sections(count: number, length: number): Header['sections'] {
  return Array.from({ length: count }, (_, i) => {
    const name = String.fromCharCode(97 + i).repeat(16)
    return { document: `${name}/${'n'.repeat(63)}`, entries: ENTRIES_MAX, hash: bytes32(1), length }
  })
}

test('a header decodes to what was encoded', () => {
  expect(decodeHeader(encodeHeader(header))).toEqual({ ok: true, header })
  const first: Header = { ...header, seq: 0, prev: null, seen: [], sections: [] }
  expect(decodeHeader(encodeHeader(first))).toEqual({ ok: true, header: first })
})

test('a header that decodes has one encoding', () => {
  const device = fc.uint8Array({ minLength: 32, maxLength: 32 })
  const change = fc.tuple(fc.nat(), fc.nat(255))
  fc.assert(
    fc.property(device, fc.array(change, { minLength: 1, maxLength: 4 }), (key, changes) => {
      const bytes = encodeHeader({ ...header, device: key })
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      const result = decodeHeader(bytes)
      if (result.ok) expect(encodeHeader(result.header)).toEqual(bytes)
    }),
    { numRuns: 1_000 },
  )
})

test('header-too-long: 8,192 bytes are looked at, one more is not', () => {
  expect(decodeHeader(new Uint8Array(HEADER_BYTES_MAX))).toEqual({ ok: false, refusal: 'header-encoding' })
  expect(decodeHeader(new Uint8Array(HEADER_BYTES_MAX + 1))).toEqual({
    ok: false,
    refusal: 'header-too-long',
  })
})

test('the fullest header fits', () => {
  const seq = SEQ_MAX
  const full = { ...header, seq, seen: seenHeads(SEEN_MAX), sections: sections(SECTIONS_MAX, 32_768) }
  const bytes = encodeHeader({ ...full, timeMs: Number.MAX_SAFE_INTEGER })
  expect(decodeHeader(bytes).ok).toBe(true)
  expect(bytes.length).toBeLessThan(5_300)
})

test('header-encoding: bytes that are not one canonical value', () => {
  for (const bytes of [new Uint8Array(), Uint8Array.of(0x80, 0x80), Uint8Array.of(0x9f, 0xff)])
    expect(decodeHeader(bytes)).toEqual({ ok: false, refusal: 'header-encoding' })
})

test('header-version: another number than 1, with whatever behind it', () => {
  for (const version of [0, 2, 1_000]) {
    expect(verdictOfFields((fields) => (fields[0] = version))).toBe('header-version')
    expect(decodeHeader(encodeCanonical([version]))).toEqual({ ok: false, refusal: 'header-version' })
  }
  for (const version of ['1', null, -1, [1]])
    expect(verdictOfFields((fields) => (fields[0] = version))).toBe('header-shape')
})

test('header-shape: a missing, additional or mistyped field', () => {
  for (const value of [{}, 1, null, 'header', []]) {
    expect(decodeHeader(encodeCanonical(value))).toEqual({ ok: false, refusal: 'header-shape' })
  }
  expect(verdictOfFields((fields) => fields.pop())).toBe('header-shape')
  expect(verdictOfFields((fields) => fields.push(null))).toBe('header-shape')
  for (let at = 1; at < 9; at += 1) {
    for (const value of [false, -1, 'x', new Uint8Array(31), new Uint8Array(33), {}])
      expect(
        verdictOfFields((fields) => (fields[at] = value)),
        `field ${at}`,
      ).toBe('header-shape')
  }
})

test('header-shape: prev is null exactly at seq 0', () => {
  expect(verdict({ seq: 0 })).toBe('header-shape')
  expect(verdict({ prev: null })).toBe('header-shape')
  expect(verdict({ seq: 0, prev: null })).toBe('ok')
})

test('header-shape: sequence numbers end at 2^32 - 1', () => {
  expect(verdict({ seq: SEQ_MAX })).toBe('ok')
  expect(verdict({ seq: SEQ_MAX + 1 })).toBe('header-shape')
  const [one] = seenHeads(1)
  if (one === undefined) throw new Error('no head')
  expect(verdict({ seen: [one] })).toBe('ok')
  expect(verdict({ seen: [{ ...one, seq: SEQ_MAX + 1 }] })).toBe('header-shape')
})

test('header-shape: a commit never acknowledges its own device', () => {
  expect(verdict({ seen: [head(header.device, 6, bytes32(3))] })).toBe('header-shape')
})

test('header-shape: rows of seen and sections have their fields and no more', () => {
  for (const row of [
    [],
    [bytes32(4), 0],
    [bytes32(4), 0, bytes32(5), 0],
    [bytes32(4), -1, bytes32(5)],
    'row',
    null,
  ]) {
    expect(verdictOfFields((fields) => (fields[6] = [row]))).toBe('header-shape')
    expect(verdictOfFields((fields) => (fields[8] = [row]))).toBe('header-shape')
  }
})

test('header-shape: a section has a document id, 1 to 4,096 entries and a hash', () => {
  const section = { document: 'board/a', entries: 1, hash: bytes32(8), length: 10 }
  expect(verdict({ sections: [{ ...section, entries: ENTRIES_MAX }] })).toBe('ok')
  for (const entries of [0, ENTRIES_MAX + 1])
    expect(verdict({ sections: [{ ...section, entries }] })).toBe('header-shape')
  for (const document of ['', 'Board', 'board/../a']) {
    expect(verdict({ sections: [{ ...section, document }] })).toBe('header-shape')
  }
  expect(verdict({ sections: [{ ...section, hash: new Uint8Array(31) }] })).toBe('header-shape')
})

test('header-too-many-seen: 32 heads are taken, 33 are not', () => {
  expect(verdict({ seen: seenHeads(SEEN_MAX) })).toBe('ok')
  expect(verdict({ seen: seenHeads(SEEN_MAX + 1) })).toBe('header-too-many-seen')
})

test('header-too-many-sections: 16 are taken, 17 are not', () => {
  expect(verdict({ sections: sections(SECTIONS_MAX, 1) })).toBe('ok')
  expect(verdict({ sections: sections(SECTIONS_MAX + 1, 1) })).toBe('header-too-many-sections')
})

test('several commits of one device may be acknowledged: a fork proof', () => {
  const device = bytes32(4)
  const proof = [head(device, 3, bytes32(1)), head(device, 3, bytes32(2)), head(device, 4, bytes32(0))]
  expect(verdict({ seen: proof })).toBe('ok')
  expect(verdict({ seen: [...proof, head(bytes32(5), 0, bytes32(0))] })).toBe('ok')
})

test('header-order: heads ascend strictly by device, seq and id, documents by their name', () => {
  const [a, b] = header.seen
  const [first, second] = header.sections
  if (!a || !b || !first || !second) throw new Error('the sample is too small')
  for (const seen of [
    [b, a],
    [a, a],
    [{ ...a, seq: 1 }, a],
    [{ ...a, id: bytes32(6) }, a],
    [
      { ...a, seq: 1, id: bytes32(1) },
      { ...a, id: bytes32(2) },
    ],
  ])
    expect(verdict({ seen })).toBe('header-order')
  for (const list of [
    [second, first],
    [first, first],
  ])
    expect(verdict({ sections: list })).toBe('header-order')
  expect(compareBytes(a.device, b.device)).toBeLessThan(0)
})

test('header-payload-limit: 256 KiB a section and 512 KiB a commit, and not one byte more', () => {
  const [one] = sections(1, PAYLOAD_BYTES_MAX)
  if (one === undefined) throw new Error('no section')
  expect(verdict({ sections: [one] })).toBe('ok')
  expect(verdict({ sections: [{ ...one, length: PAYLOAD_BYTES_MAX + 1 }] })).toBe('header-payload-limit')
  expect(verdict({ sections: sections(2, COMMIT_PAYLOAD_BYTES_MAX / 2) })).toBe('ok')
  const three = [...sections(2, COMMIT_PAYLOAD_BYTES_MAX / 2), { ...one, document: 'z', length: 1 }]
  expect(verdict({ sections: three })).toBe('header-payload-limit')
  expect(verdict({ sections: [{ ...one, length: Number.MAX_SAFE_INTEGER }] })).toBe('header-payload-limit')
})
