import { decodeCanonical, encodeCanonical, equalBytes, isBytes, toHex } from '../encoding/index.ts'
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
  /** Device key of the chain in hex: the form that maps use. */
  author: string
  /** Device keys of the acknowledged heads in hex, in their order. */
  seenAuthors: readonly string[]
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
  return signedMessage('commit', id)
}

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
  const seenAuthors = header.seen.map((head) => toHex(head.device))
  return { id, author: toHex(header.device), seenAuthors, header, headerBytes, signature, payloads, bytes }
}

/** Canonical bytes of a record: an array of header bytes, signature and payloads. */
export function encodeRecord(
  headerBytes: Uint8Array,
  signature: Uint8Array,
  payloads: readonly (Uint8Array | null)[],
): Uint8Array {
  return encodeCanonical([headerBytes, signature, [...payloads]])
}

/** Decodes a record and checks header and payload hashes. The signature is left to the caller. Never throws. */
export function decodeRecord(bytes: Uint8Array, sha256: Sha256): RecordResult {
  const decoded = decodeCanonical(bytes)
  if (!decoded.ok) return { ok: false, refusal: 'record-encoding' }
  if (!Array.isArray(decoded.value) || decoded.value.length !== 3)
    return { ok: false, refusal: 'record-shape' }
  const [headerBytes, signature, payloads] = decoded.value
  if (!(headerBytes instanceof Uint8Array) || !isBytes(signature, 64))
    return { ok: false, refusal: 'record-shape' }
  if (!Array.isArray(payloads) || !payloads.every(isPayload)) return { ok: false, refusal: 'record-shape' }
  const parsed = decodeHeader(headerBytes)
  if (!parsed.ok) return parsed
  const { header } = parsed
  if (payloads.length !== header.sections.length) return { ok: false, refusal: 'payload-count' }
  for (const [i, section] of header.sections.entries()) {
    const payload = payloads[i]
    if (payload === null || payload === undefined) continue
    if (payload.length !== section.length) return { ok: false, refusal: 'payload-length' }
    if (!equalBytes(sha256(payload), section.hash)) return { ok: false, refusal: 'payload-hash' }
  }
  const author = toHex(header.device)
  const seenAuthors = header.seen.map((head) => toHex(head.device))
  const record = {
    id: sha256(headerBytes),
    author,
    seenAuthors,
    header,
    headerBytes,
    signature,
    payloads,
    bytes,
  }
  return { ok: true, record }
}

function isPayload(value: unknown): value is Uint8Array | null {
  return value === null || value instanceof Uint8Array
}
