import { decodeRecords } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { encodeCanonical } from '#protocol/encoding'
import type { Value } from '#protocol/encoding'
import type { HeadRow, Replica } from '#protocol/replica'
import { PullShare, SYNC_VERSION, SyncSession, decodeFrame, encodeFrame } from '#protocol/sync'
import type { Frame, SessionInput, SessionOutput } from '#protocol/sync'
import { nodeCrypto } from '#node/crypto'

const { sha256 } = nodeCrypto()

/** One session under test, with a peer that says whatever the test wants. */
export class SessionBench {
  readonly session: SyncSession
  readonly replica: Replica
  nowMs = 1_000
  /** Outputs that wait for the stream, as far as the session is told. */
  backlog = 0
  readonly outputs: SessionOutput[] = []

  constructor(replica: Replica, share: PullShare = new PullShare()) {
    this.replica = replica
    // The smaller key leads: the peer's is made of twos.
    const key = new Uint8Array(16).fill(1)
    this.session = new SyncSession({ replica, sha256, key, share, backlog: () => this.backlog })
    this.give({ kind: 'open' })
  }

  give(input: SessionInput): SessionOutput[] {
    const out = this.session.handle(input, this.nowMs)
    this.outputs.push(...out)
    return out
  }

  frame(frame: Frame): SessionOutput[] {
    return this.give({ kind: 'frame', bytes: encodeFrame(frame) })
  }

  fields(fields: Value): SessionOutput[] {
    return this.give({ kind: 'frame', bytes: encodeCanonical(fields) })
  }

  hello(changes: Partial<Extract<Frame, { kind: 'hello' }>> = {}): this {
    const zeros = new Uint8Array(32)
    const key = new Uint8Array(16).fill(2)
    const { coop } = this.replica
    const digests = { authority: zeros, root: zeros, forks: zeros }
    this.frame({ kind: 'hello', version: SYNC_VERSION, coop, key, ...digests, ...changes })
    return this
  }

  /** A HELLO of a peer that has the same as this side. */
  equalHello(): this {
    return this.hello({
      root: this.replica.heads.root(),
      authority: this.replica.authority.stateHash(),
    })
  }

  /** Answers the open round: the peer has these rows, and this side none of them. */
  answer(rows: readonly HeadRow[], round = 1): this {
    const tags = new Map<number, number[]>()
    for (const [i, row] of rows.entries()) {
      const bucket = row.device[0] ?? 0
      const bytes = tags.get(bucket) ?? []
      bytes.push(bucket, i >> 8, i & 255, 0, 0, 0)
      tags.set(bucket, bytes)
    }
    const buckets = [...tags]
      .sort(([a], [b]) => a - b)
      .map(([bucket, bytes]) => ({ bucket, tags: Uint8Array.from(bytes) }))
    this.frame({ kind: 'brief', round, buckets })
    if (rows.length > 0) this.frame({ kind: 'rows', round, rows: [...rows], isLast: true })
    return this
  }

  /** After HELLO and an answered round, thus with a request under way for all up to `last`. */
  pulling(last: CommitRecord | undefined): this {
    return this.hello().answer([rowOf(last)])
  }

  /** Hands in commits as a peer would and lets the replica take them. */
  commits(records: readonly CommitRecord[], request = 1): void {
    for (const output of this.frame({ kind: 'commits', request, records: records.map((it) => it.bytes) }))
      if (output.kind === 'ingest') this.ingest(output.records)
  }

  /** What the host does with an `ingest`. */
  ingest(bytes: readonly Uint8Array[]): SessionOutput[] {
    const decoded = decodeRecords(bytes, sha256)
    const outcome = decoded.ok
      ? ({ ok: true, result: this.replica.ingest(decoded.records) } as const)
      : decoded
    return this.give({ kind: 'ingested', outcome })
  }

  /** Gives the log's answer to a `read`: these records, which this side stores. */
  records(records: readonly CommitRecord[]): SessionOutput[] {
    const served = records.map((it) => ({ order: this.replica.history.find(it.id), bytes: it.bytes }))
    return this.give({ kind: 'records', records: served })
  }

  wakeAt(atMs: number): SessionOutput[] {
    this.nowMs = atMs
    return this.give({ kind: 'wake' })
  }

  get sent(): Frame[] {
    return this.outputs.flatMap((output) => (output.kind === 'send' ? [frameOf(output.bytes)] : []))
  }

  /** Orders of the last `read`. */
  get read(): number[] {
    return this.outputs.findLast((output) => output.kind === 'read')?.orders ?? []
  }

  get closed(): string {
    const close = this.outputs.find((output) => output.kind === 'close')
    return close === undefined ? 'open' : `${close.code}: ${close.detail}`
  }
}

/** The row of a chain that ends with this commit. */
export function rowOf(record: CommitRecord | undefined): HeadRow {
  if (record === undefined) throw new Error('no commit')
  return { device: record.header.device, length: record.header.seq + 1, id: record.id }
}

/** A request for everything up to this commit that is not in the past of `have`. */
export function wantOf(
  record: CommitRecord | undefined,
  have: readonly Uint8Array[] = [],
): Extract<Frame, { kind: 'want' }> {
  const { device, id } = rowOf(record)
  const wants = [{ device, to: id, have: [...have] }]
  return { kind: 'want', request: 1, isUrgentOnly: false, limit: 10_000, wants }
}

function frameOf(bytes: Uint8Array): Frame {
  const result = decodeFrame(bytes.subarray(4))
  if (!result.ok) throw new Error(result.refusal)
  return result.frame
}
