import { decodeRecord, encodeHeader, encodeRecord, signCommit } from '#protocol/commit'
import type { Header, HeaderRefusal, RecordRefusal, Section } from '#protocol/commit'
import { decodeCanonical, encodeCanonical, toHex } from '#protocol/encoding'
import type { Value } from '#protocol/encoding'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { filled, tagged } from './vector-form.ts'
import type { Hex, Vector, VectorFile } from './vector-form.ts'

const { sha256 } = nodeCrypto()
const SEED = filled(1)
const signer = nodeSigner(SEED)
const coop = filled(0xc0)
const first = {
  coop,
  device: signer.publicKey,
  seq: 0,
  prev: null,
  epoch: coop,
  seen: [],
  timeMs: 1_700_000_000_000,
}
const payloads: Section[] = [
  { document: 'catalogue', entries: 1, payload: encodeCanonical([{ t: 'drop', cid: filled(1, 36) }]) },
  { document: 'board/wall', entries: 1, payload: encodeCanonical([1, filled(0, 2)]) },
]
const seen = [
  seenHead(filled(2), 0, filled(3)),
  seenHead(filled(4), 4_294_967_295, filled(5)),
]
const later = { ...first, seq: 7, prev: filled(9), seen }
/** Two commits of one seq and one of the next: what proves that a device forked. */
const proof = [
  seenHead(filled(2), 3, filled(3)),
  seenHead(filled(2), 3, filled(4)),
  seenHead(filled(2), 4, filled(1)),
  seenHead(filled(4), 0, filled(1)),
]

const COMMITS: [string, Omit<Header, 'sections'>, Section[]][] = [
  ['the smallest: first of its chain, nothing seen, no section', first, []],
  ['acknowledges two heads, no section', later, []],
  ['acknowledges several commits of one device: a fork proof', { ...later, seen: proof }, []],
  ['two sections, ordered by document', first, payloads],
  ['seen and sections', later, payloads],
  [
    'the last of a chain at the last millisecond',
    { ...later, seq: 4_294_967_295, timeMs: 9_007_199_254_740_991 },
    [],
  ],
  ['a section with an empty payload', first, [{ document: 'a', entries: 4_096, payload: filled(0, 0) }]],
  ['32 heads', { ...later, seen: heads(32) }, []],
  ['16 sections', first, sections(16)],
]

/** docs/protocol/commit.md */
export function commitVectors(): VectorFile {
  return {
    about: [
      'commits: fields -> header -> id = SHA-256(header) -> signature over "coopmesh/commit/1\\0" || id -> record.',
      'seed is that of the signing device. invalidHeaders and invalidRecords: the first refusal that applies.',
      'records with null payloads decode (a relay may leave them out); whether one stores them is another rule.',
    ],
    commits: COMMITS.map(([name, draft, list]) => {
      const { headerBytes, header, id, signature, bytes } = signCommit(draft, list, { signer, sha256 })
      const hex = {
        header: toHex(headerBytes),
        id: toHex(id),
        signature: toHex(signature),
        record: toHex(bytes),
      }
      return {
        name,
        seed: toHex(SEED),
        fields: fieldsOf(header),
        payloads: list.length === 0 ? [] : payloadsOf(bytes),
        ...hex,
      }
    }),
    invalidHeaders: invalidHeaders(),
    ...records(),
  }
}

function payloadsOf(record: Uint8Array): string[] {
  const decoded = decodeRecord(record, sha256)
  return decoded.ok ? decoded.record.payloads.map((it) => toHex(it ?? filled(0, 0))) : []
}

function fieldsOf(header: Header): Record<string, unknown> {
  const { coop: id, device, seq, prev, epoch, timeMs } = header
  const hex = (bytes: Uint8Array | null): string | null => (bytes === null ? null : toHex(bytes))
  return {
    coop: hex(id),
    device: hex(device),
    seq,
    prev: hex(prev),
    epoch: hex(epoch),
    seen: header.seen.map((it) => ({ device: hex(it.device), seq: it.seq, id: hex(it.id) })),
    timeMs,
    sections: header.sections.map((it) => ({ ...it, hash: hex(it.hash) })),
  }
}

function heads(count: number): Header['seen'] {
  return Array.from({ length: count }, (_, i) => seenHead(filled(i + 10), i, filled(i)))
}

function seenHead(device: Uint8Array, seq: number, id: Uint8Array): Header['seen'][number] {
  return { device, seq, id }
}

function sections(count: number): Section[] {
  return Array.from({ length: count }, (_, i) => {
    return { document: `board/b${String(i).padStart(2, '0')}`, entries: 1, payload: filled(i, 3) }
  })
}

function invalidHeaders(): Vector[] {
  const sample: Header = { ...later, sections: [{ document: 'a', entries: 1, hash: filled(1), length: 1 }] }
  const decoded = decodeCanonical(encodeHeader(sample))
  const fields = decoded.ok && Array.isArray(decoded.value) ? decoded.value : []
  const row = (changes: Record<number, Value>): string => {
    return toHex(encodeCanonical(fields.map((it, i) => changes[i] ?? it)))
  }
  const section = (...it: Value[]): string => row({ 8: [it] })
  const head = (...it: Value[]): Value => it
  const nulled = toHex(encodeCanonical(fields.with(4, null)))
  const cases: [string, Hex, HeaderRefusal][] = [
    ['8,193 bytes', [{ hex: '00', times: 8_193 }], 'header-too-long'],
    ['nothing', '', 'header-encoding'],
    ['a list of indefinite length', '9fff', 'header-encoding'],
    ['a map', 'a0', 'header-shape'],
    ['version 2', row({ 0: 2 }), 'header-version'],
    ['version 2 and nothing else', '8102', 'header-version'],
    ['a text as version', row({ 0: '1' }), 'header-shape'],
    ['eight fields', toHex(encodeCanonical(fields.slice(0, 8))), 'header-shape'],
    ['ten fields', toHex(encodeCanonical([...fields, null])), 'header-shape'],
    ['a co-op id of 31 bytes', row({ 1: filled(1, 31) }), 'header-shape'],
    ['seq 2^32', row({ 3: 4_294_967_296 }), 'header-shape'],
    ['seq -1', row({ 3: -1 }), 'header-shape'],
    ['seq 0 with a prev', row({ 3: 0 }), 'header-shape'],
    ['seq 7 without prev', nulled, 'header-shape'],
    ['a negative time', row({ 7: -1 }), 'header-shape'],
    ['a head of its own device', row({ 6: [head(signer.publicKey, 0, filled(1))] }), 'header-shape'],
    ['a head of two fields', row({ 6: [head(filled(2), 0)] }), 'header-shape'],
    ['33 heads', row({ 6: heads(33).map((it) => [it.device, it.seq, it.id]) }), 'header-too-many-seen'],
    [
      'heads in falling order',
      row({ 6: [head(filled(4), 0, filled(1)), head(filled(2), 0, filled(1))] }),
      'header-order',
    ],
    [
      'a head twice',
      row({ 6: [head(filled(4), 0, filled(1)), head(filled(4), 0, filled(1))] }),
      'header-order',
    ],
    [
      'heads of one device in falling order of seq',
      row({ 6: [head(filled(4), 1, filled(1)), head(filled(4), 0, filled(2))] }),
      'header-order',
    ],
    [
      'heads of one device and seq in falling order of id',
      row({ 6: [head(filled(4), 1, filled(2)), head(filled(4), 1, filled(1))] }),
      'header-order',
    ],
    ['17 sections', row({ 8: Array.from({ length: 17 }, () => 0) }), 'header-too-many-sections'],
    [
      'a document twice',
      row({ 8: [head('a', 1, filled(1), 1), head('a', 1, filled(1), 1)] }),
      'header-order',
    ],
    ['a document id in capitals', section('Board', 1, filled(1), 1), 'header-shape'],
    ['a document id of two slashes', section('board/a/b', 1, filled(1), 1), 'header-shape'],
    ['no entries', section('a', 0, filled(1), 1), 'header-shape'],
    ['4,097 entries', section('a', 4_097, filled(1), 1), 'header-shape'],
    ['a payload of 262,145 bytes', section('a', 1, filled(1), 262_145), 'header-payload-limit'],
    [
      'payloads of 524,289 bytes together',
      row({ 8: ['a', 'b', 'c'].map((it, i) => [it, 1, filled(1), i < 2 ? 262_144 : 1]) }),
      'header-payload-limit',
    ],
  ]
  return cases.map(([name, header, refusal]) => ({ name, header, refusal }))
}

function records(): { records: Vector[]; invalidRecords: Vector[] } {
  const signed = signCommit(first, payloads, { signer, sha256 })
  const { headerBytes, signature } = signed
  const [board, catalogue] = signed.payloads as [Uint8Array, Uint8Array]
  const record = (...list: (Uint8Array | null)[]): string => toHex(encodeRecord(headerBytes, signature, list))
  const of = (...parts: Value[]): string => toHex(encodeCanonical(parts))
  const invalid: [string, string, RecordRefusal][] = [
    ['nothing', '', 'record-encoding'],
    ['a byte after it', `${record(board, catalogue)}00`, 'record-encoding'],
    ['a list of two', of(headerBytes, signature), 'record-shape'],
    ['a signature of 63 bytes', of(headerBytes, filled(1, 63), []), 'record-shape'],
    ['a payload that is a text', of(headerBytes, signature, ['a', null]), 'record-shape'],
    ['a header as list', of([], signature, []), 'record-shape'],
    ['a header of version 2', of(encodeCanonical([2]), signature, []), 'header-version'],
    ['one payload for two sections', record(board), 'payload-count'],
    ['three payloads for two sections', record(board, catalogue, null), 'payload-count'],
    ['payloads exchanged', record(catalogue, board), 'payload-length'],
    [
      'a payload of the right length and another hash',
      record(board.with(0, 0x83), catalogue),
      'payload-hash',
    ],
  ]
  const valid: [string, string][] = [
    ['both payloads', record(board, catalogue)],
    ['one payload left out', record(null, catalogue)],
    ['both left out', record(null, null)],
  ]
  return {
    records: valid.map(([name, hex]) => ({ name, record: hex, id: toHex(signed.id), value: valueOf(hex) })),
    invalidRecords: invalid.map(([name, hex, refusal]) => ({ name, record: hex, refusal })),
  }
}

function valueOf(hex: string): unknown {
  const decoded = decodeCanonical(Buffer.from(hex, 'hex'))
  return decoded.ok ? tagged(decoded.value) : null
}
