import { equalBytes } from '../encoding/index.ts'
import type { Sha256 } from '../identity/index.ts'
import { decodeRecord, encodeRecord } from './record.ts'
import type { CommitRecord, RecordRefusal } from './record.ts'

/** The record without the payloads of these documents; the same one when it has none of them. */
export function withoutPayloads(
  record: CommitRecord,
  isLeftOut: (document: string) => boolean,
): CommitRecord {
  const isOut = record.header.sections.map(
    ({ document }, i) => (record.payloads[i] ?? null) !== null && isLeftOut(document),
  )
  if (!isOut.includes(true)) return record
  return withPayloads(
    record,
    record.payloads.map((it, i) => (isOut[i] === true ? null : it)),
  )
}

/** The same of a stored record's bytes, which are not hashed; what is no record is given back as it is. */
export function leaveOut(
  bytes: Uint8Array,
  sha256: Sha256,
  isLeftOut: (document: string) => boolean,
): Uint8Array {
  const decoded = decodeRecord(bytes, sha256, NOT_HASHED)
  return decoded.ok ? withoutPayloads(decoded.record, isLeftOut).bytes : bytes
}

/** Payload of the record's section in a document; null when it is not here, or there is no such section. */
export function payloadOf({ header, payloads }: CommitRecord, document: string): Uint8Array | null {
  return payloads[header.sections.findIndex((it) => it.document === document)] ?? null
}

/** The record with a payload that came later, if it is the one that the header names. */
export function completed(
  record: CommitRecord,
  late: { document: string; payload: Uint8Array },
  sha256: Sha256,
): { ok: true; record: CommitRecord } | { ok: false; refusal: RecordRefusal } {
  const at = record.header.sections.findIndex((it) => it.document === late.document)
  const section = record.header.sections[at]
  if (section === undefined) return { ok: false, refusal: 'payload-count' }
  if (late.payload.length !== section.length) return { ok: false, refusal: 'payload-length' }
  if (!equalBytes(sha256(late.payload), section.hash)) return { ok: false, refusal: 'payload-hash' }
  return { ok: true, record: withPayloads(record, record.payloads.with(at, late.payload)) }
}

function withPayloads(record: CommitRecord, payloads: CommitRecord['payloads']): CommitRecord {
  return { ...record, payloads, bytes: encodeRecord(record.headerBytes, record.signature, payloads) }
}

/** Stands for the id of a record that need not be hashed. */
const NOT_HASHED: Uint8Array = new Uint8Array(32)
