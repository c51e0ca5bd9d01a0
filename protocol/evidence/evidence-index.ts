import { SECTIONS_MAX } from '../commit/index.ts'
import type { CommitRecord } from '../commit/index.ts'
import { decodeCanonical } from '../encoding/index.ts'
import { DAG_CBOR_CODEC, RAW_CODEC, cborLink, linkOfCid, linkToCid } from './block-link.ts'
import type { BlockLink } from './block-link.ts'
import { INDEX_ROWS_MAX } from './limits.ts'
import { decodeLinked, encodeLinked } from './linked-value.ts'

/** What an index block says of one commit. */
export interface IndexRow {
  /** Commit id: the digest of the header's block. */
  id: Uint8Array
  /** 64 bytes. It stands here because no hash names it: a relay may have spoilt it. */
  signature: Uint8Array
  /** One for each section of the header; null where the payload was left out. */
  payloads: (BlockLink | null)[]
}

/**
 * The row of a commit. `document` leaves out the payloads of all others; null leaves out none. The row shares no memory
 * with the record: a thousand of them would keep as many payloads.
 */
export function indexRow(record: CommitRecord, document: string | null): IndexRow {
  const payloads = record.header.sections.map((section, i) => {
    const payload = record.payloads[i] ?? null
    if (payload === null || (document !== null && section.document !== document)) return null
    return { codec: payloadCodec(payload), digest: Uint8Array.from(section.hash) }
  })
  return { id: Uint8Array.from(record.id), signature: Uint8Array.from(record.signature), payloads }
}

/** Blocks of a commit, in the order of the file: its header, then the payloads that its row links. */
export function commitBlocks(record: CommitRecord, row: IndexRow): { link: BlockLink; bytes: Uint8Array }[] {
  const blocks = [{ link: cborLink(record.id), bytes: record.headerBytes }]
  for (const [i, link] of row.payloads.entries()) {
    const bytes = record.payloads[i] ?? null
    if (link !== null && bytes !== null) blocks.push({ link, bytes })
  }
  return blocks
}

/** dag-cbor for a payload that is one canonical value (docs/protocol/encoding.md), raw for any other. */
export function payloadCodec(payload: Uint8Array): BlockLink['codec'] {
  return decodeCanonical(payload).ok ? DAG_CBOR_CODEC : RAW_CODEC
}

/** Bytes of an index block. */
export function encodeIndex(rows: readonly IndexRow[]): Uint8Array {
  return encodeLinked(
    rows.map(({ id, signature, payloads }) => [
      linkToCid(cborLink(id)),
      signature,
      payloads.map((link) => (link === null ? null : linkToCid(link))),
    ]),
  )
}

/** The rows of an index block, or null when the bytes are none. Never throws. */
export function decodeIndex(bytes: Uint8Array): IndexRow[] | null {
  const value = decodeLinked(bytes)
  if (!Array.isArray(value) || value.length === 0 || value.length > INDEX_ROWS_MAX) return null
  const rows: IndexRow[] = []
  for (const item of value as unknown[]) {
    const row = readRow(item)
    if (row === null) return null
    rows.push(row)
  }
  return rows
}

function readRow(item: unknown): IndexRow | null {
  if (!Array.isArray(item) || item.length !== 3) return null
  const [header, signature, links] = item as unknown[]
  const link = linkOfCid(header)
  if (link?.codec !== DAG_CBOR_CODEC) return null
  if (!(signature instanceof Uint8Array) || signature.length !== 64) return null
  if (!Array.isArray(links) || links.length > SECTIONS_MAX) return null
  const payloads: (BlockLink | null)[] = []
  for (const value of links as unknown[]) {
    const payload = value === null ? null : linkOfCid(value)
    if (payload === null && value !== null) return null
    payloads.push(payload)
  }
  return { id: link.digest, signature, payloads }
}
