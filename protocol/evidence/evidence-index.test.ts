import { encode } from '@ipld/dag-cbor'
import { expect, test } from 'vitest'
import { sampleCommits } from '../../test/actors/evidence-file.ts'
import { SECTIONS_MAX } from '../commit/index.ts'
import { DEPTH_MAX } from '../encoding/index.ts'
import { DAG_CBOR_CODEC, RAW_CODEC, cborLink, linkToCid } from './block-link.ts'
import { commitBlocks, decodeIndex, encodeIndex, indexRow, payloadCodec } from './evidence-index.ts'
import type { IndexRow } from './evidence-index.ts'
import { EVIDENCE_BLOCK_BYTES_MAX, INDEX_ROWS_MAX } from './limits.ts'

const bytes32 = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
const header = linkToCid(cborLink(bytes32(1)))
const raw = linkToCid({ codec: RAW_CODEC, digest: bytes32(2) })
const signature = new Uint8Array(64).fill(3)

const row = (payloads: IndexRow['payloads']): IndexRow => {
  return { id: bytes32(1), signature, payloads }
}

const isIndex = (value: unknown): boolean => decodeIndex(encode(value)) !== null

test('an index decodes to what was encoded', () => {
  const rows = [row([]), row([null, { codec: RAW_CODEC, digest: bytes32(2) }, cborLink(bytes32(4))])]
  expect(decodeIndex(encodeIndex(rows))).toEqual(rows)
  expect(encodeIndex([row([null, { codec: RAW_CODEC, digest: bytes32(2) }])])).toEqual(
    new Uint8Array(encode([[header, signature, [null, raw]]])),
  )
})

test('anything but a list of header, signature and payload links is no index', () => {
  expect(isIndex([[header, signature, [raw, null]]])).toBe(true)
  const bad: unknown[] = [null, {}, [], [null], [[header, signature]], [[header, signature, [], null]]]
  bad.push([[raw, signature, []]], [[bytes32(1), signature, []]], [[header, signature.subarray(1), []]])
  bad.push([[header, 'x', []]], [[header, signature, null]], [[header, signature, [bytes32(1)]]])
  bad.push([[header, signature, [false]]], [[header, signature, []], 1])
  for (const value of bad) expect(isIndex(value)).toBe(false)
  const good = encodeIndex([row([])])
  expect(decodeIndex(Uint8Array.of(...good, 0))).toBe(null)
  expect(decodeIndex(good.subarray(1))).toBe(null)
})

test('an index lists 1,000 commits with 16 payloads each, which fits a block, and not one more of either', () => {
  const full = row(Array.from({ length: SECTIONS_MAX }, () => cborLink(bytes32(4))))
  const most = encodeIndex(Array.from({ length: INDEX_ROWS_MAX }, () => full))
  expect(most.length).toBeLessThanOrEqual(EVIDENCE_BLOCK_BYTES_MAX)
  expect(decodeIndex(most)).toHaveLength(INDEX_ROWS_MAX)
  expect(decodeIndex(encodeIndex(Array.from({ length: INDEX_ROWS_MAX + 1 }, () => row([]))))).toBe(null)
  expect(decodeIndex(encodeIndex([row([...full.payloads, null])]))).toBe(null)
})

test('a payload is dag-cbor when it is one canonical value, and raw in every other case', () => {
  const deep = (depth: number): Uint8Array => Uint8Array.of(...new Uint8Array(depth).fill(0x81), 0xf6)
  for (const bytes of [Uint8Array.of(0), Uint8Array.of(0x80), encode([{ t: 'list' }]), deep(DEPTH_MAX)])
    expect(payloadCodec(bytes)).toBe(DAG_CBOR_CODEC)
  const others = [
    new Uint8Array(),
    Uint8Array.of(0x18, 1),
    Uint8Array.of(0, 0),
    encode(1.5),
    deep(DEPTH_MAX + 1),
  ]
  for (const bytes of others) expect(payloadCodec(bytes)).toBe(RAW_CODEC)
})

test('a commit is its header and its payloads; of a document alone, its payloads are kept', () => {
  const record = sampleCommits()[2]
  if (record === undefined) throw new Error('the sample is too small')
  const [board, catalogue] = record.payloads
  const blocksOf = (document: string | null): (Uint8Array | null | undefined)[] =>
    commitBlocks(record, indexRow(record, document)).map((it) => it.bytes)
  expect(blocksOf(null)).toEqual([record.headerBytes, board, catalogue])
  expect(blocksOf('catalogue')).toEqual([record.headerBytes, catalogue])
  expect(blocksOf('board/other')).toEqual([record.headerBytes])
  expect(indexRow(record, null).payloads.map((it) => it?.codec)).toEqual([DAG_CBOR_CODEC, RAW_CODEC])
  expect(indexRow({ ...record, payloads: [null, null] }, null).payloads).toEqual([null, null])
})
