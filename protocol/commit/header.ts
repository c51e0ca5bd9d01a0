import {
  LayoutReader,
  compareBytes,
  decodeCanonical,
  encodeCanonical,
  isBytes,
  isCount,
} from '../encoding/index.ts'
import type { SharedValues, Value } from '../encoding/index.ts'
import { isDocumentId } from './document-id.ts'
import {
  COMMIT_PAYLOAD_BYTES_MAX,
  ENTRIES_MAX,
  HEADER_BYTES_MAX,
  PAYLOAD_BYTES_MAX,
  SECTIONS_MAX,
  SEEN_MAX,
  SEQ_MAX,
} from './limits.ts'

/** The version of the header layout. Another number is refused, never guessed at. */
export const HEADER_VERSION = 1

/** A head of another chain that a commit takes into account. */
export interface SeenHead {
  /** Device key, 32 bytes. */
  device: Uint8Array
  /** Sequence number, from 0. */
  seq: number
  /** Commit id, 32 bytes. */
  id: Uint8Array
}

/** What a header says of one section; the payload itself travels beside the header. */
export interface SectionHead {
  document: string
  /** Entries in the payload, at least 1. */
  entries: number
  /** SHA-256 of the payload. */
  hash: Uint8Array
  /** Length of the payload in bytes. */
  length: number
}

/** The signed part of a commit (docs/protocol/commit.md). */
export interface Header {
  /** Co-op id, 32 bytes. */
  coop: Uint8Array
  /** Device key of the chain, 32 bytes. */
  device: Uint8Array
  /** Position in the chain, from 0. */
  seq: number
  /** Id of the commit before; null exactly at seq 0. */
  prev: Uint8Array | null
  /** The seal whose epoch this commit cites; the co-op id stands for the founding epoch. */
  epoch: Uint8Array
  /** Strictly ascending by device key, seq and id. Several of one device prove that it forked. */
  seen: SeenHead[]
  /** The author's clock, ms since 1970. Advisory: no rule judges it. */
  timeMs: number
  /** One per document, strictly ascending by document id. */
  sections: SectionHead[]
}

/** Why bytes are not a header. */
export type HeaderRefusal =
  | 'header-too-long'
  | 'header-encoding'
  | 'header-shape'
  | 'header-version'
  | 'header-too-many-seen'
  | 'header-too-many-sections'
  | 'header-order'
  | 'header-payload-limit'

/** A decoded header, or why there is none. */
export type HeaderResult = { ok: true; header: Header } | { ok: false; refusal: HeaderRefusal }

/** Canonical bytes of a header; their SHA-256 is the commit id. */
export function encodeHeader(header: Header): Uint8Array {
  return encodeCanonical([
    HEADER_VERSION,
    header.coop,
    header.device,
    header.seq,
    header.prev,
    header.epoch,
    header.seen.map((head) => [head.device, head.seq, head.id]),
    header.timeMs,
    header.sections.map((section) => [section.document, section.entries, section.hash, section.length]),
  ])
}

/** Decodes and checks everything that the header alone decides. Never throws. */
export function decodeHeader(bytes: Uint8Array, shared: SharedValues | null = null): HeaderResult {
  if (bytes.length > HEADER_BYTES_MAX) return refuse('header-too-long')
  const header = readHeader(bytes, shared)
  return header === null ? judgeHeader(bytes) : { ok: true, header }
}

/** The header, read straight through; null for anything else, which `judgeHeader` then names. A test holds them equal. */
export function readHeader(bytes: Uint8Array, shared: SharedValues | null = null): Header | null {
  const reader = new LayoutReader(bytes, 0, bytes.length, shared)
  if (reader.array() !== 9 || reader.count() !== HEADER_VERSION) return null
  const coop = reader.row()
  const device = reader.row()
  const seq = reader.count()
  const prev = reader.isNull() ? null : reader.viewOf(32)
  const epoch = reader.row()
  const seenCount = reader.array()
  if (reader.isOff || seq > SEQ_MAX || (prev === null) !== (seq === 0) || seenCount > SEEN_MAX) return null
  const seen: SeenHead[] = []
  for (let i = 0; i < seenCount; i += 1) {
    if (reader.array() !== 3) return null
    const head = { device: reader.row(), seq: reader.count(), id: reader.viewOf(32) }
    const before = seen[i - 1]
    if (reader.isOff || head.seq > SEQ_MAX || compareBytes(head.device, device) === 0) return null
    if (before !== undefined && compareSeen(before, head) >= 0) return null
    seen.push(head)
  }
  const timeMs = reader.count()
  const sectionCount = reader.array()
  if (reader.isOff || sectionCount > SECTIONS_MAX) return null
  const sections: SectionHead[] = []
  let total = 0
  for (let i = 0; i < sectionCount; i += 1) {
    if (reader.array() !== 4) return null
    const document = reader.ascii()
    const section = { document, entries: reader.count(), hash: reader.viewOf(32), length: reader.count() }
    const before = sections[i - 1]
    total += section.length
    if (reader.isOff || !isDocumentId(document) || section.entries === 0 || section.entries > ENTRIES_MAX)
      return null
    if (section.length > PAYLOAD_BYTES_MAX || total > COMMIT_PAYLOAD_BYTES_MAX) return null
    if (before !== undefined && before.document >= document) return null
    sections.push(section)
  }
  return reader.isDone ? { coop, device, seq, prev, epoch, seen, timeMs, sections } : null
}

/** The general way to a header: says what is wrong. */
export function judgeHeader(bytes: Uint8Array): HeaderResult {
  const decoded = decodeCanonical(bytes)
  if (!decoded.ok) return refuse('header-encoding')
  const fields = decoded.value
  if (!Array.isArray(fields)) return refuse('header-shape')
  if (fields[0] !== HEADER_VERSION) return refuse(isCount(fields[0]) ? 'header-version' : 'header-shape')
  const [, coop, device, seq, prev, epoch, seenRows, timeMs, sectionRows] = fields
  if (fields.length !== 9 || !isBytes(coop, 32) || !isBytes(device, 32) || !isBytes(epoch, 32))
    return refuse('header-shape')
  if (!isCount(seq) || seq > SEQ_MAX || !isCount(timeMs)) return refuse('header-shape')
  if (!(prev === null ? seq === 0 : isBytes(prev, 32) && seq > 0)) return refuse('header-shape')
  if (!Array.isArray(seenRows) || !Array.isArray(sectionRows)) return refuse('header-shape')
  if (seenRows.length > SEEN_MAX) return refuse('header-too-many-seen')
  if (sectionRows.length > SECTIONS_MAX) return refuse('header-too-many-sections')
  const seen = readSeen(seenRows, device)
  if (typeof seen === 'string') return refuse(seen)
  const sections = readSections(sectionRows)
  if (typeof sections === 'string') return refuse(sections)
  return {
    ok: true,
    header: { coop, device, seq, prev: prev as Uint8Array | null, epoch, seen, timeMs, sections },
  }
}

function readSeen(rows: Value[], author: Uint8Array): SeenHead[] | HeaderRefusal {
  const seen: SeenHead[] = []
  for (const row of rows) {
    if (!Array.isArray(row) || row.length !== 3) return 'header-shape'
    const [device, seq, id] = row
    if (!isBytes(device, 32) || !isCount(seq) || seq > SEQ_MAX || !isBytes(id, 32)) return 'header-shape'
    const head = { device, seq, id }
    const before = seen.at(-1)
    if (before !== undefined && compareSeen(before, head) >= 0) return 'header-order'
    if (compareBytes(device, author) === 0) return 'header-shape'
    seen.push(head)
  }
  return seen
}

function readSections(rows: Value[]): SectionHead[] | HeaderRefusal {
  const sections: SectionHead[] = []
  let total = 0
  for (const row of rows) {
    if (!Array.isArray(row) || row.length !== 4) return 'header-shape'
    const [document, entries, hash, length] = row
    if (!isDocumentId(document) || !isBytes(hash, 32) || !isCount(length)) return 'header-shape'
    if (!isCount(entries) || entries === 0 || entries > ENTRIES_MAX) return 'header-shape'
    const before = sections.at(-1)
    if (before !== undefined && before.document >= document) return 'header-order'
    total += length
    if (length > PAYLOAD_BYTES_MAX || total > COMMIT_PAYLOAD_BYTES_MAX) return 'header-payload-limit'
    sections.push({ document, entries, hash, length })
  }
  return sections
}

/** The order of acknowledged heads in a header: by device key, then seq, then id. */
export function compareSeen(a: SeenHead, b: SeenHead): number {
  return compareBytes(a.device, b.device) || a.seq - b.seq || compareBytes(a.id, b.id)
}

function refuse(refusal: HeaderRefusal): HeaderResult {
  return { ok: false, refusal }
}
