import { expect, test } from 'vitest'
import * as fc from 'fast-check'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { encodeCanonical, toHex } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import { SignatureRule } from '../identity/index.ts'
import { commitMessage, decodeRecord, decodeRecords, encodeRecord, signCommit } from './record.ts'
import type { CommitRecord } from './record.ts'

const sha256 = (bytes: Uint8Array): Uint8Array => Uint8Array.from(nodeCrypto().sha256(bytes))
const signer = nodeSigner(new Uint8Array(32).fill(4))
const coop = new Uint8Array(32).fill(1)

const record: CommitRecord = signCommit(
  { coop, device: signer.publicKey, seq: 0, prev: null, epoch: coop, seen: [], timeMs: 5 },
  [
    { document: 'catalogue', entries: 1, payload: Uint8Array.of(1, 2, 3) },
    { document: 'board/a', entries: 1, payload: new Uint8Array() },
  ],
  { signer, sha256 },
)

function refusal(value: Value): string {
  const result = decodeRecord(encodeCanonical(value), sha256)
  return result.ok ? 'ok' : result.refusal
}

const { headerBytes, signature } = record
const payloads = (...list: Value[]): Value => [headerBytes, signature, list]

test('a signed record decodes to itself, its id is the hash of its header, its signature verifies', () => {
  const decoded = decodeRecord(record.bytes, sha256)
  expect(decoded).toEqual({ ok: true, record })
  expect(toHex(record.id)).toBe(toHex(sha256(headerBytes)))
  expect(toHex(record.header.device)).toBe(toHex(signer.publicKey))
  expect(new SignatureRule(nodeCrypto()).verify(signer.publicKey, commitMessage(record.id), signature)).toBe(
    true,
  )
})

test('a record whose id the host knows is not hashed again, but its lengths are compared', () => {
  const noHash = (): Uint8Array => {
    throw new Error('hashed')
  }
  expect(decodeRecord(record.bytes, noHash, record.id)).toEqual({ ok: true, record })
  const short = encodeRecord(headerBytes, signature, [new Uint8Array(), Uint8Array.of(1, 2)])
  expect(decodeRecord(short, noHash, record.id)).toEqual({ ok: false, refusal: 'payload-length' })
})

test('a batch decodes to its records in order, or to the first refusal', () => {
  expect(decodeRecords([record.bytes, record.bytes], sha256)).toEqual({ ok: true, records: [record, record] })
  const other = signCommit(
    { ...record.header, device: signer.publicKey, seq: 1, prev: record.id, epoch: signer.publicKey },
    [{ document: 'board/b', entries: 2, payload: Uint8Array.of(7) }],
    { signer, sha256 },
  )
  const mixed = [record, other, record]
  expect(
    decodeRecords(
      mixed.map((it) => it.bytes),
      sha256,
    ),
  ).toEqual({ ok: true, records: mixed })
  const bad = [record.bytes, Uint8Array.of(0x80), new Uint8Array()]
  expect(decodeRecords(bad, sha256)).toEqual({ ok: false, refusal: 'record-shape' })
  expect(decodeRecords([], sha256)).toEqual({ ok: true, records: [] })
})

test('sections are signed in order of their documents, each with its own payload', () => {
  expect(record.header.sections.map((it) => it.document)).toEqual(['board/a', 'catalogue'])
  expect(record.payloads).toEqual([new Uint8Array(), Uint8Array.of(1, 2, 3)])
})

test('the id does not change with the signature or with payloads that are left out', () => {
  const bare = decodeRecord(encodeRecord(headerBytes, new Uint8Array(64), [null, null]), sha256)
  expect(bare.ok && toHex(bare.record.id)).toBe(toHex(record.id))
  expect(bare.ok && bare.record.payloads).toEqual([null, null])
})

test('record-encoding: bytes that are not one canonical value', () => {
  for (const bytes of [new Uint8Array(), Uint8Array.of(0x83), Uint8Array.of(...record.bytes, 0)])
    expect(decodeRecord(bytes, sha256)).toEqual({ ok: false, refusal: 'record-encoding' })
})

test('record-shape: anything but header bytes, 64 bytes of signature and a list of payloads', () => {
  const bad: Value[] = [1, [], [headerBytes, signature], [headerBytes, signature, [], null], payloads(1, 2)]
  bad.push([headerBytes, new Uint8Array(63), []], [headerBytes, new Uint8Array(65), []], ['', signature, []])
  bad.push([headerBytes, signature, {}], payloads(Uint8Array.of(1), 'text'), payloads([null], null))
  for (const value of bad) expect(refusal(value)).toBe('record-shape')
})

test('the refusal of the header is the refusal of the record', () => {
  expect(refusal([encodeCanonical([2]), signature, []])).toBe('header-version')
  expect(refusal([new Uint8Array(9_000), signature, []])).toBe('header-too-long')
})

test('payload-count: one payload or null for each section', () => {
  for (const value of [payloads(), payloads(null), payloads(null, null, null)])
    expect(refusal(value)).toBe('payload-count')
})

test('payload-length and payload-hash: a payload is the one that the header announces', () => {
  expect(refusal(payloads(new Uint8Array(), Uint8Array.of(1, 2)))).toBe('payload-length')
  expect(refusal(payloads(Uint8Array.of(0), null))).toBe('payload-length')
  expect(refusal(payloads(new Uint8Array(), Uint8Array.of(1, 2, 4)))).toBe('payload-hash')
  expect(refusal(payloads(null, Uint8Array.of(1, 2, 3)))).toBe('ok')
})

test('no mutation of a record throws, and none keeps the id while it changes the header', () => {
  const change = fc.tuple(fc.nat(), fc.nat(255))
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const bytes = Uint8Array.from(record.bytes)
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      const result = decodeRecord(bytes, sha256)
      if (!result.ok) return
      const isSameHeader = toHex(result.record.headerBytes) === toHex(headerBytes)
      expect(toHex(result.record.id) === toHex(record.id)).toBe(isSameHeader)
    }),
    { numRuns: 1_000 },
  )
})
