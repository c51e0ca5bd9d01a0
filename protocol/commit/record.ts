import {
  LayoutReader,
  SharedValues,
  concatBytes,
  decodeCanonical,
  encodeCanonical,
  equalBytes,
  isBytes,
} from '../encoding/index.ts'
import { signedMessage } from '../identity/index.ts'
import type { Sha256, Signer } from '../identity/index.ts'
import { isDocumentId } from './document-id.ts'
import { decodeHeader, encodeHeader } from './header.ts'
import type { Header, HeaderRefusal } from './header.ts'
import { COMMIT_PAYLOAD_BYTES_MAX, ENTRIES_MAX, PAYLOAD_BYTES_MAX, SECTIONS_MAX } from './limits.ts'

/** A commit as it is stored and sent: header bytes, signature, one payload (or null) per section. */
export interface CommitRecord {
  /** SHA-256 of `headerBytes`: the commit id. */
  id: Uint8Array
  header: Header
  headerBytes: Uint8Array
  /** Ed25519 signature of the id, 64 bytes; checked by whoever stores it, not by decoding. */
  signature: Uint8Array
  /** Null where a replica left a payload out. */
  payloads: (Uint8Array | null)[]
  /** The record's own encoding. */
  bytes: Uint8Array
}

/** Why bytes are not a commit record. */
export type RecordRefusal =
  | HeaderRefusal
  | 'record-encoding'
  | 'record-shape'
  | 'payload-count'
  | 'payload-length'
  | 'payload-hash'

/** A decoded record, or why there is none. */
export type RecordResult = { ok: true; record: CommitRecord } | { ok: false; refusal: RecordRefusal }

/** What an author puts into one section. */
export interface Section {
  document: string
  entries: number
  payload: Uint8Array
}

/** Why sections do not make a commit that a peer would decode. */
export type SectionsRefusal =
  | 'too-many-sections'
  | 'document-id'
  | 'document-twice'
  | 'entries'
  | 'payload-limit'

/** What keeps these sections out of one commit; null when nothing does. An author asks before it signs. */
export function sectionsRefusal(sections: readonly Section[]): SectionsRefusal | null {
  if (sections.length > SECTIONS_MAX) return 'too-many-sections'
  const documents = new Set<string>()
  let total = 0
  for (const { document, entries, payload } of sections) {
    if (!isDocumentId(document)) return 'document-id'
    if (documents.has(document)) return 'document-twice'
    documents.add(document)
    if (!Number.isInteger(entries) || entries < 1 || entries > ENTRIES_MAX) return 'entries'
    total += payload.length
    if (payload.length > PAYLOAD_BYTES_MAX || total > COMMIT_PAYLOAD_BYTES_MAX) return 'payload-limit'
  }
  return null
}

/** Bytes that the signature of commit `id` covers. */
export function commitMessage(id: Uint8Array): Uint8Array {
  return concatBytes(MESSAGE_START, id)
}

/** What stands before the id: the same in every message. */
const MESSAGE_START: Uint8Array = signedMessage('commit')

/** Encodes and signs a commit. Sections are ordered here; the caller asks `sectionsRefusal` before. */
export function signCommit(
  draft: Omit<Header, 'sections'>,
  sections: readonly Section[],
  keys: { signer: Signer; sha256: Sha256 },
): CommitRecord {
  const ordered = [...sections].sort((a, b) => (a.document < b.document ? -1 : 1))
  const header: Header = {
    ...draft,
    sections: ordered.map(({ document, entries, payload }) => ({
      document,
      entries,
      hash: keys.sha256(payload),
      length: payload.length,
    })),
  }
  const headerBytes = encodeHeader(header)
  const id = keys.sha256(headerBytes)
  const signature = keys.signer.sign(commitMessage(id))
  const payloads = ordered.map((section) => section.payload)
  const bytes = encodeRecord(headerBytes, signature, payloads)
  return { id, header, headerBytes, signature, payloads, bytes }
}

/** Canonical bytes of a record: an array of header bytes, signature and payloads. */
export function encodeRecord(
  headerBytes: Uint8Array,
  signature: Uint8Array,
  payloads: readonly (Uint8Array | null)[],
): Uint8Array {
  return encodeCanonical([headerBytes, signature, [...payloads]])
}

/**
 * Decodes a record and checks header and payload hashes. The signature is left to the caller. Never throws.
 *
 * @param id - the record's id where somebody hashed header and payloads already; then they are not hashed again
 * @param shared - what this record may have in common with others that are decoded with it
 */
export function decodeRecord(
  bytes: Uint8Array,
  sha256: Sha256,
  id: Uint8Array | null = null,
  shared: SharedValues | null = null,
): RecordResult {
  const parts = readRecord(bytes) ?? judgeRecord(bytes)
  if (typeof parts === 'string') return { ok: false, refusal: parts }
  const { headerBytes, signature, payloads } = parts
  const parsed = decodeHeader(headerBytes, shared)
  if (!parsed.ok) return parsed
  const { header } = parsed
  if (payloads.length !== header.sections.length) return { ok: false, refusal: 'payload-count' }
  for (let i = 0; i < payloads.length; i += 1) {
    const payload = payloads[i]
    const section = header.sections[i]
    if (payload === null || payload === undefined || section === undefined) continue
    if (payload.length !== section.length) return { ok: false, refusal: 'payload-length' }
    if (id === null && !equalBytes(sha256(payload), section.hash))
      return { ok: false, refusal: 'payload-hash' }
  }
  const record = { id: id ?? sha256(headerBytes), header, headerBytes, signature, payloads, bytes }
  return { ok: true, record }
}

/**
 * Decodes the records of one batch; the first that is none spoils it.
 *
 * @param known - ids of all records, 32 bytes each, where somebody hashed them and their payloads already; what the
 *   records may have in common with others of the batch, when this is a part of it
 */
export function decodeRecords(
  list: readonly Uint8Array[],
  sha256: Sha256,
  known: { ids: Uint8Array | null; shared: SharedValues } = { ids: null, shared: new SharedValues() },
): { ok: true; records: CommitRecord[] } | { ok: false; refusal: RecordRefusal } {
  const records: CommitRecord[] = []
  const { ids, shared } = known
  for (const bytes of list) {
    const at = 32 * records.length
    const decoded = decodeRecord(bytes, sha256, ids === null ? null : ids.subarray(at, at + 32), shared)
    if (!decoded.ok) return decoded
    records.push(decoded.record)
  }
  return { ok: true, records }
}

/** What a record is made of, before its header is looked into. */
export interface RecordParts {
  headerBytes: Uint8Array
  signature: Uint8Array
  payloads: (Uint8Array | null)[]
}

/** The parts, read straight through; null for anything else, which `judgeRecord` then names. A test holds them equal. */
export function readRecord(bytes: Uint8Array): RecordParts | null {
  const reader = new LayoutReader(bytes)
  if (reader.array() !== 3) return null
  const headerBytes = reader.view()
  const signature = reader.viewOf(64)
  const count = reader.array()
  if (reader.isOff || count > SECTIONS_MAX) return null
  const payloads: (Uint8Array | null)[] = []
  for (let i = 0; i < count; i += 1) payloads.push(reader.isNull() ? null : reader.view())
  return reader.isDone ? { headerBytes, signature, payloads } : null
}

/** The general way to the parts: says what is wrong. */
export function judgeRecord(bytes: Uint8Array): RecordParts | RecordRefusal {
  const decoded = decodeCanonical(bytes)
  if (!decoded.ok) return 'record-encoding'
  if (!Array.isArray(decoded.value) || decoded.value.length !== 3) return 'record-shape'
  const [headerBytes, signature, payloads] = decoded.value
  if (!(headerBytes instanceof Uint8Array) || !isBytes(signature, 64)) return 'record-shape'
  if (!Array.isArray(payloads) || !payloads.every(isPayload)) return 'record-shape'
  return { headerBytes, signature, payloads }
}

function isPayload(value: unknown): value is Uint8Array | null {
  return value === null || value instanceof Uint8Array
}
