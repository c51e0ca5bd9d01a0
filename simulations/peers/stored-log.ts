import { completed } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import type { Sha256 } from '#protocol/identity'
import type { LatePayload, Replica, StoredCommit } from '#protocol/replica'
import { FRAME_BYTES_MAX } from '#protocol/sync'
import type { SentPayloads, ServedCommit } from '#protocol/sync'
import type { DiskBatch, SimDisk } from '../disk/index.ts'

/** What was taken in last at a place of the log, on the disk or on its way there in batches, the newest first. */
export function newestAt(
  order: number,
  disk: SimDisk,
  [gathering, writing]: [DiskBatch, DiskBatch | null],
): CommitRecord | null {
  for (const batch of [gathering, writing]) {
    const mended = batch?.mended.findLast((it) => it.order === order)
    if (mended !== undefined) return mended.entry.record
  }
  const behind = order - disk.length
  const waiting = [...(writing?.entries ?? []), ...gathering.entries]
  return behind >= 0 ? (waiting[behind]?.record ?? null) : disk.read(order)
}

/** The commits of the log that sent payloads belong to, with these; those that cannot be read are passed over. */
export function filledBy(
  { document, payloads }: SentPayloads,
  disk: SimDisk,
  batches: [DiskBatch, DiskBatch | null],
  sha256: Sha256,
): { ok: true; records: CommitRecord[] } | { ok: false; refusal: string } {
  const records: CommitRecord[] = []
  for (const { order, payload } of payloads) {
    const record = newestAt(order, disk, batches)
    if (record === null) continue
    const filled = completed(record, { document, payload }, sha256)
    if (!filled.ok) return filled
    records.push(filled.record)
  }
  return { ok: true, records }
}

/** Has the log written anew where a payload came later. `newest`: what was taken in last at that place. */
export function takeLate(
  batch: DiskBatch,
  { order, document, payload }: LatePayload,
  { newest, replica, sha256 }: { newest: CommitRecord | null; replica: Replica; sha256: Sha256 },
): void {
  const whole = newest === null ? null : completed(newest, { document, payload }, sha256)
  if (whole?.ok !== true) return
  const entry = { record: whole.record, isSigned: replica.isSigned(order), isRotten: false }
  batch.mended.push({ order, entry })
  batch.late += 1
}

/** The first of these places of the log, as many as fit a frame; fewer before one that is damaged. */
export function readFrame(
  disk: SimDisk,
  orders: readonly number[],
): { served: ServedCommit[]; isDamaged: boolean } {
  const served: ServedCommit[] = []
  let bytes = 0
  for (const order of orders) {
    const record = disk.read(order)
    if (record === null) return { served, isDamaged: order < disk.length }
    bytes += record.bytes.length
    if (bytes > FRAME_BYTES_MAX && served.length > 0) break
    served.push({ order, bytes: record.bytes })
  }
  return { served, isDamaged: false }
}

/** Commits of the log; null when one of them cannot be read. */
export function readAll(disk: SimDisk, orders: readonly number[]): StoredCommit[] | null {
  const commits: StoredCommit[] = []
  for (const order of orders) {
    const record = disk.read(order)
    if (record === null) return null
    commits.push({ order, record })
  }
  return commits
}
