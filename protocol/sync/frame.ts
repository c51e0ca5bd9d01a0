import { decodeCanonical, encodeCanonical, isBytes, isCount, toHex } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import { SEQ_MAX } from '../commit/index.ts'
import type { HeadRow } from '../replica/index.ts'
import { BUCKET_COUNT } from '../replica/index.ts'
import { BATCH_COMMITS_MAX, FRAME_BYTES_MAX, ROWS_MAX, SYNC_VERSION, WANTS_MAX } from './limits.ts'

/** Bytes of a truncated keyed bucket digest: an accident among 2^32 comparisons, and a new key each session. */
export const DIGEST_BYTES = 8

/** First frame of both sides. */
export interface HelloFrame {
  kind: 'hello'
  version: number
  coop: Uint8Array
  /** State hash of the sender's authority document. */
  authority: Uint8Array
  /** Root over the sender's heads. */
  root: Uint8Array
  /** 16 random bytes; both sides' keys key the bucket digests. */
  key: Uint8Array
}

/** A range of one chain that is asked for: from `from` up to but not with `to`. */
export interface Want {
  device: Uint8Array
  from: number
  to: number
}

/** The messages of the sync stream (docs/protocol/sync.md). */
export type Frame =
  | HelloFrame
  /** Digests of all buckets in order: asks for the rows of those that differ. */
  | { kind: 'digests'; round: number; digests: Uint8Array }
  /** Heads. Round 0: unasked news. `isLast` ends the answer to a round. */
  | { kind: 'rows'; round: number; rows: HeadRow[]; isLast: boolean }
  /** Asks for ranges; `isAuthorityOnly` limits them to what the authority document needs. */
  | { kind: 'want'; request: number; isAuthorityOnly: boolean; wants: Want[] }
  /** Commit records in the order in which the sender stored them. */
  | { kind: 'commits'; request: number; records: Uint8Array[] }
  /** Ends the answer to a request. */
  | { kind: 'done'; request: number }
  /** The sender's root after a change or a round. */
  | { kind: 'root'; root: Uint8Array }

/** Why bytes are not a frame. */
export type FrameRefusal = 'frame-too-long' | 'frame-encoding' | 'frame-kind' | 'frame-shape' | 'frame-limit'

/** A decoded frame, or why there is none. */
export type FrameResult = { ok: true; frame: Frame } | { ok: false; refusal: FrameRefusal }

const KINDS: readonly Frame['kind'][] = ['hello', 'digests', 'rows', 'want', 'commits', 'done', 'root']

/** Canonical bytes of a frame, without the length prefix. */
export function encodeFrame(frame: Frame): Uint8Array {
  return encodeCanonical([KINDS.indexOf(frame.kind), ...fieldsOf(frame)])
}

/** Decodes one frame and checks shapes and limits. Never throws. */
export function decodeFrame(bytes: Uint8Array): FrameResult {
  if (bytes.length > FRAME_BYTES_MAX) return { ok: false, refusal: 'frame-too-long' }
  const decoded = decodeCanonical(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value)) return { ok: false, refusal: 'frame-encoding' }
  const [number, ...fields] = decoded.value
  const kind = typeof number === 'number' ? KINDS[number] : undefined
  if (kind === undefined) return { ok: false, refusal: 'frame-kind' }
  const frame = READERS[kind](fields)
  return typeof frame === 'string' ? { ok: false, refusal: frame } : { ok: true, frame }
}

function fieldsOf(frame: Frame): Value[] {
  switch (frame.kind) {
    case 'hello':
      return [frame.version, frame.coop, frame.authority, frame.root, frame.key]
    case 'digests':
      return [frame.round, frame.digests]
    case 'rows':
      return [frame.round, frame.rows.map((row) => [row.device, row.length, row.id]), frame.isLast]
    case 'want':
      return [
        frame.request,
        frame.isAuthorityOnly,
        frame.wants.map((want) => [want.device, want.from, want.to]),
      ]
    case 'commits':
      return [frame.request, frame.records]
    case 'done':
      return [frame.request]
    case 'root':
      return [frame.root]
  }
}

type FrameReader = (fields: Value[]) => Frame | FrameRefusal

const READERS: Record<Frame['kind'], FrameReader> = {
  hello([version, coop, authority, root, key, ...rest]) {
    // A later version may say more; the session refuses it by its number.
    if (!isCount(version) || !isBytes(coop, 32)) return 'frame-shape'
    if (!isBytes(authority, 32) || !isBytes(root, 32) || !isBytes(key, 16)) return 'frame-shape'
    if (version === SYNC_VERSION && rest.length > 0) return 'frame-shape'
    return { kind: 'hello', version, coop, authority, root, key }
  },
  digests([round, digests, ...rest]) {
    if (!isCount(round) || !isBytes(digests, BUCKET_COUNT * DIGEST_BYTES) || rest.length > 0)
      return 'frame-shape'
    return { kind: 'digests', round, digests }
  },
  rows([round, list, isLast, ...rest]) {
    if (!isCount(round) || !Array.isArray(list) || typeof isLast !== 'boolean' || rest.length > 0)
      return 'frame-shape'
    if (list.length > ROWS_MAX) return 'frame-limit'
    if (list.length === 0 && !isLast) return 'frame-shape' // says nothing and would put off a timeout for ever
    const rows: HeadRow[] = []
    for (const row of list) {
      if (!Array.isArray(row) || row.length !== 3) return 'frame-shape'
      const [device, length, id] = row
      if (!isBytes(device, 32) || !isLength(length) || length === 0 || !isBytes(id, 32)) return 'frame-shape'
      rows.push({ device, length, id })
    }
    return { kind: 'rows', round, rows, isLast }
  },
  want([request, isAuthorityOnly, list, ...rest]) {
    if (!isCount(request) || typeof isAuthorityOnly !== 'boolean' || !Array.isArray(list))
      return 'frame-shape'
    if (rest.length > 0) return 'frame-shape'
    if (list.length > WANTS_MAX) return 'frame-limit'
    const wants: Want[] = []
    const devices = new Set<string>()
    for (const row of list) {
      if (!Array.isArray(row) || row.length !== 3) return 'frame-shape'
      const [device, from, to] = row
      if (!isBytes(device, 32) || !isLength(from) || !isLength(to) || from >= to) return 'frame-shape'
      wants.push({ device, from, to })
      devices.add(toHex(device))
    }
    // One range a device: else a few bytes ask for the whole log thousands of times.
    if (devices.size !== wants.length) return 'frame-shape'
    return { kind: 'want', request, isAuthorityOnly, wants }
  },
  commits([request, list, ...rest]) {
    if (!isCount(request) || !Array.isArray(list) || rest.length > 0) return 'frame-shape'
    if (list.length > BATCH_COMMITS_MAX) return 'frame-limit'
    if (list.length === 0) return 'frame-shape' // as for rows
    const records: Uint8Array[] = []
    for (const record of list) {
      if (!(record instanceof Uint8Array)) return 'frame-shape'
      records.push(record)
    }
    return { kind: 'commits', request, records }
  },
  done([request, ...rest]) {
    return isCount(request) && rest.length === 0 ? { kind: 'done', request } : 'frame-shape'
  },
  root([root, ...rest]) {
    return isBytes(root, 32) && rest.length === 0 ? { kind: 'root', root } : 'frame-shape'
  },
}

function isLength(value: Value | undefined): value is number {
  return isCount(value) && value <= SEQ_MAX + 1
}
