import {
  LayoutReader,
  concatBytes,
  decodeCanonical,
  encodeCanonical,
  isBytes,
  isCount,
  toHex,
} from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import { PAYLOAD_BYTES_MAX, SEQ_MAX, isDocumentId } from '../commit/index.ts'
import type { HeadRow } from '../replica/index.ts'
import { BUCKET_COUNT, DECLINED_MAX } from '../replica/index.ts'
import {
  BATCH_COMMITS_MAX,
  BRIEF_ROWS_MAX,
  FETCH_MAX,
  FRAME_BYTES_MAX,
  HAVE_MAX,
  ROWS_MAX,
  SYNC_VERSION,
  TAGS_MAX,
  WANTS_MAX,
} from './limits.ts'

/** Bytes of a truncated keyed bucket digest: an accident among 2^32 comparisons, and another key each round. */
export const DIGEST_BYTES = 4
/** Bytes of a truncated keyed digest of one row: an accident among 2^48 comparisons, and another key each round. */
export const TAG_BYTES = 6

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
  /** Digest of the devices that the sender knows to have forked. */
  forks: Uint8Array
}

/** A stretch of one chain that is asked for: what leads to commit `to` and is not in the past of any of `have`. */
export interface Want {
  device: Uint8Array
  /** Id of the last commit, from one of the peer's rows. */
  to: Uint8Array
  /** Ids of commits of the same device that the asking side has; none when it has none. */
  have: Uint8Array[]
}

/** What one bucket holds: tags of `TAG_BYTES` each, one a row; or the rows themselves, where they are few. */
export type BucketBrief = { bucket: number; tags: Uint8Array } | { bucket: number; rows: HeadRow[] }

/** The messages of the sync stream (docs/protocol/sync.md). */
export type Frame =
  | HelloFrame
  /** Digests of all buckets in order: opens a round and asks for a brief of those that differ. */
  | { kind: 'digests'; round: number; digests: Uint8Array }
  /** Tags of all rows in the buckets that differ, or the rows, ascending by bucket. */
  | { kind: 'brief'; round: number; buckets: BucketBrief[] }
  /** Asks for the rows with these tags. */
  | { kind: 'ask'; round: number; tags: Uint8Array }
  /** Heads. Round 0: unasked news. `isLast` ends the answer to a round. */
  | { kind: 'rows'; round: number; rows: HeadRow[]; isLast: boolean }
  /**
   * Asks for the first `limit` commits of ranges; `isUrgentOnly` limits them to what the authority document needs and
   * to the proofs of forks.
   */
  | { kind: 'want'; request: number; isUrgentOnly: boolean; limit: number; wants: Want[] }
  /** One batch of commits is stored: the sender may send another. */
  | { kind: 'more'; request: number }
  /** Commit records in the order in which the sender stored them. */
  | { kind: 'commits'; request: number; records: Uint8Array[] }
  /** Ends the answer to a request. `isMore`: the limit cut it short. */
  | { kind: 'done'; request: number; isMore: boolean }
  /** The sender's root after a change or a round. */
  | { kind: 'root'; root: Uint8Array }
  /** Documents whose payloads the sender does not want, ascending. Before the first one it wants all. */
  | { kind: 'decline'; documents: string[] }
  /** Asks for the payloads of these commits' sections in one document. */
  | { kind: 'fetch'; request: number; document: string; ids: Uint8Array[] }
  /** Payloads of the first ones asked for, in their order; null for one that is not here. */
  | { kind: 'payloads'; request: number; payloads: (Uint8Array | null)[] }

/** Why bytes are not a frame. */
export type FrameRefusal = 'frame-too-long' | 'frame-encoding' | 'frame-kind' | 'frame-shape' | 'frame-limit'

/** A decoded frame, or why there is none. */
export type FrameResult = { ok: true; frame: Frame } | { ok: false; refusal: FrameRefusal }

const KINDS: readonly Frame['kind'][] = [
  'hello',
  'digests',
  'rows',
  'want',
  'commits',
  'done',
  'root',
  'brief',
  'ask',
  'more',
  'decline',
  'fetch',
  'payloads',
]

/** Canonical bytes of a frame, without the length prefix. */
export function encodeFrame(frame: Frame): Uint8Array {
  if (frame.kind === 'commits') return encodeCommits(frame.request, frame.records)
  if (frame.kind === 'root' && frame.root.length === 32) return concatBytes(ROOT_START, frame.root)
  return encodeCanonical([KINDS.indexOf(frame.kind), ...fieldsOf(frame)])
}

/** Decodes one frame and checks shapes and limits. Never throws. */
export function decodeFrame(bytes: Uint8Array): FrameResult {
  if (bytes.length > FRAME_BYTES_MAX) return { ok: false, refusal: 'frame-too-long' }
  const frame = readRoot(bytes) ?? readCommits(bytes)
  return frame === null ? judgeFrame(bytes) : { ok: true, frame }
}

/** What stands before the root in a frame with one: sent by each side twice a minute while it is quiet. */
const ROOT_START: Uint8Array = encodeCanonical([KINDS.indexOf('root'), new Uint8Array(32)]).slice(0, -32)

/** The frame of a root as it has to be; null for any other, which is judged the general way. */
function readRoot(bytes: Uint8Array): Frame | null {
  if (bytes.length !== ROOT_START.length + 32) return null
  for (let i = 0; i < ROOT_START.length; i += 1) if (bytes[i] !== ROOT_START[i]) return null
  return { kind: 'root', root: new Uint8Array(bytes.subarray(ROOT_START.length)) }
}

/** The general way to a frame of any kind: says what is wrong. */
export function judgeFrame(bytes: Uint8Array): FrameResult {
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
      return [frame.version, frame.coop, frame.authority, frame.root, frame.key, frame.forks]
    case 'digests':
      return [frame.round, frame.digests]
    case 'rows':
      return [frame.round, frame.rows.map(rowFields), frame.isLast]
    case 'want':
      return [
        frame.request,
        frame.isUrgentOnly,
        frame.limit,
        frame.wants.map((want) => [want.device, want.to, want.have]),
      ]
    case 'brief':
      return [
        frame.round,
        frame.buckets.map((it) => [it.bucket, 'tags' in it ? it.tags : it.rows.map(rowFields)]),
      ]
    case 'ask':
      return [frame.round, frame.tags]
    case 'more':
      return [frame.request]
    case 'commits':
      return [frame.request, frame.records]
    case 'done':
      return [frame.request, frame.isMore]
    case 'root':
      return [frame.root]
    case 'decline':
      return [frame.documents]
    case 'fetch':
      return [frame.request, frame.document, frame.ids]
    case 'payloads':
      return [frame.request, frame.payloads]
  }
}

function rowFields(row: HeadRow): Value {
  return [row.device, row.length, row.id]
}

type FrameReader = (fields: Value[]) => Frame | FrameRefusal

const READERS: Record<Frame['kind'], FrameReader> = {
  hello([version, coop, authority, root, key, forks, ...rest]) {
    if (!isCount(version) || !isBytes(coop, 32)) return 'frame-shape'
    if (!isBytes(authority, 32) || !isBytes(root, 32) || !isBytes(key, 16)) return 'frame-shape'
    const hello = { kind: 'hello', version, coop, authority, root, key } as const
    // Another version may say less or more behind this; the session refuses it by its number.
    if (version !== SYNC_VERSION) return { ...hello, forks: isBytes(forks, 32) ? forks : new Uint8Array(32) }
    return isBytes(forks, 32) && rest.length === 0 ? { ...hello, forks } : 'frame-shape'
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
    const rows = readRows(list)
    return rows === null ? 'frame-shape' : { kind: 'rows', round, rows, isLast }
  },
  want([request, isUrgentOnly, limit, list, ...rest]) {
    if (!isCount(request) || typeof isUrgentOnly !== 'boolean' || !Array.isArray(list)) return 'frame-shape'
    if (!isCount(limit) || limit === 0 || rest.length > 0) return 'frame-shape'
    if (list.length > WANTS_MAX) return 'frame-limit'
    const wants: Want[] = []
    const ends = new Set<string>()
    for (const row of list) {
      if (!Array.isArray(row) || row.length !== 3) return 'frame-shape'
      const [device, to, have] = row
      if (!isBytes(device, 32) || !isBytes(to, 32) || !Array.isArray(have)) return 'frame-shape'
      if (have.length > HAVE_MAX) return 'frame-limit'
      if (!have.every((id) => isBytes(id, 32))) return 'frame-shape'
      wants.push({ device, to, have })
      ends.add(toHex(to))
    }
    // Each end once: else a few bytes ask for the whole log thousands of times.
    if (ends.size !== wants.length) return 'frame-shape'
    return { kind: 'want', request, isUrgentOnly, limit, wants }
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
  brief([round, list, ...rest]) {
    if (!isCount(round) || !Array.isArray(list) || rest.length > 0) return 'frame-shape'
    const buckets: BucketBrief[] = []
    let tagCount = 0
    let rowCount = 0
    for (const item of list) {
      if (!Array.isArray(item) || item.length !== 2) return 'frame-shape'
      const [bucket, content] = item
      if (!isCount(bucket) || bucket >= BUCKET_COUNT || bucket <= (buckets.at(-1)?.bucket ?? -1))
        return 'frame-shape'
      if (isTags(content)) {
        tagCount += content.length / TAG_BYTES
        buckets.push({ bucket, tags: content })
        continue
      }
      if (!Array.isArray(content)) return 'frame-shape'
      rowCount += content.length
      if (rowCount > BRIEF_ROWS_MAX) return 'frame-limit'
      const rows = readRows(content)
      if (rows === null || rows.some((row) => row.device[0] !== bucket)) return 'frame-shape'
      buckets.push({ bucket, rows })
    }
    return tagCount > TAGS_MAX ? 'frame-limit' : { kind: 'brief', round, buckets }
  },
  ask([round, tags, ...rest]) {
    if (!isCount(round) || !isTags(tags) || rest.length > 0) return 'frame-shape'
    return tags.length > TAGS_MAX * TAG_BYTES ? 'frame-limit' : { kind: 'ask', round, tags }
  },
  more([request, ...rest]) {
    return isCount(request) && rest.length === 0 ? { kind: 'more', request } : 'frame-shape'
  },
  done([request, isMore, ...rest]) {
    const isDone = isCount(request) && typeof isMore === 'boolean' && rest.length === 0
    return isDone ? { kind: 'done', request, isMore } : 'frame-shape'
  },
  root([root, ...rest]) {
    return isBytes(root, 32) && rest.length === 0 ? { kind: 'root', root } : 'frame-shape'
  },
  decline([list, ...rest]) {
    if (!Array.isArray(list) || rest.length > 0) return 'frame-shape'
    if (list.length > DECLINED_MAX) return 'frame-limit'
    const documents: string[] = []
    for (const document of list) {
      if (!isDocument(document) || document <= (documents.at(-1) ?? '')) return 'frame-shape'
      documents.push(document)
    }
    return { kind: 'decline', documents }
  },
  fetch([request, document, list, ...rest]) {
    if (!isCount(request) || !isDocument(document) || !Array.isArray(list) || rest.length > 0)
      return 'frame-shape'
    if (list.length > FETCH_MAX) return 'frame-limit'
    const ids = list.filter((id): id is Uint8Array => isBytes(id, 32))
    // Each once: else one that is large is asked for hundreds of times.
    const isSet = ids.length === list.length && new Set(ids.map(toHex)).size === ids.length
    return isSet && ids.length > 0 ? { kind: 'fetch', request, document, ids } : 'frame-shape'
  },
  payloads([request, list, ...rest]) {
    if (!isCount(request) || !Array.isArray(list) || list.length === 0 || rest.length > 0)
      return 'frame-shape'
    if (list.length > FETCH_MAX) return 'frame-limit'
    const payloads: (Uint8Array | null)[] = []
    for (const payload of list) {
      if (payload !== null && !(payload instanceof Uint8Array)) return 'frame-shape'
      if ((payload?.length ?? 0) > PAYLOAD_BYTES_MAX) return 'frame-limit'
      payloads.push(payload)
    }
    return { kind: 'payloads', request, payloads }
  },
}

/** Rows of a list; null when one is none. */
function readRows(list: readonly Value[]): HeadRow[] | null {
  const rows: HeadRow[] = []
  for (const row of list) {
    if (!Array.isArray(row) || row.length !== 3) return null
    const [device, length, id] = row
    if (!isBytes(device, 32) || !isLength(length) || length === 0 || !isBytes(id, 32)) return null
    rows.push({ device, length, id })
  }
  return rows
}

function isLength(value: Value | undefined): value is number {
  return isCount(value) && value <= SEQ_MAX + 1
}

function isDocument(value: Value | undefined): value is string {
  return typeof value === 'string' && isDocumentId(value)
}

function isTags(value: Value | undefined): value is Uint8Array {
  return value instanceof Uint8Array && value.length % TAG_BYTES === 0
}

/** A frame of commits, written without building values: most bytes of a session are in these. */
function encodeCommits(request: number, records: readonly Uint8Array[]): Uint8Array {
  const start = encodeCanonical([KINDS.indexOf('commits'), request])
  let length = start.length + headLength(records.length)
  for (const record of records) length += headLength(record.length) + record.length
  const bytes = new Uint8Array(length)
  bytes.set(start)
  bytes[0] = 0x83 // an array of three instead of two: the records follow
  let at = writeHead(bytes, start.length, 0x80, records.length)
  for (const record of records) {
    at = writeHead(bytes, at, 0x40, record.length)
    bytes.set(record, at)
    at += record.length
  }
  return bytes
}

/** A frame of commits, read straight through; null for anything else. A test holds it equal to `judgeFrame`. */
export function readCommits(bytes: Uint8Array): Frame | null {
  const reader = new LayoutReader(bytes)
  if (reader.array() !== 3 || reader.count() !== KINDS.indexOf('commits')) return null
  const request = reader.count()
  const count = reader.array()
  if (reader.isOff || count === 0 || count > BATCH_COMMITS_MAX) return null
  const records: Uint8Array[] = []
  for (let i = 0; i < count && !reader.isOff; i += 1) records.push(reader.view())
  return reader.isDone ? { kind: 'commits', request, records } : null
}

/** Bytes of the head of an item of that length (RFC 8949, section 3); lengths stay below 2^32. */
function headLength(length: number): number {
  return length < 24 ? 1 : length < 0x100 ? 2 : length < 0x10000 ? 3 : 5
}

function writeHead(bytes: Uint8Array, at: number, major: number, length: number): number {
  const size = headLength(length) - 1
  bytes[at] = major | (size === 0 ? length : size === 1 ? 24 : size === 2 ? 25 : 26)
  for (let i = 0; i < size; i += 1) bytes[at + 1 + i] = (length >>> (8 * (size - 1 - i))) & 0xff
  return at + 1 + size
}
