import { commitMessage, completed } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import type { Sha256 } from '#protocol/identity'
import type { LatePayload, Replica, StoredCommit } from '#protocol/replica'
import { FRAME_BYTES_MAX } from '#protocol/sync'
import type { SentPayloads, ServedCommit, Want } from '#protocol/sync'
import type { CutOutcome, DiskBatch, DiskEntry, SimDisk } from '../disk/index.ts'
import type { RandomStream } from '../kernel/index.ts'

/** What a power cut does to a batch of so many entries, drawn. */
export function drawCut(random: RandomStream, entries: number): CutOutcome {
  const kind = random.below(3)
  if (kind === 0) return { kind: 'lost' }
  return kind === 1 ? { kind: 'torn', whole: random.below(entries + 1) } : { kind: 'kept' }
}

/** Damaged commits that are asked for at a time. */
const REPAIRS_MAX = 2_000

/** What to ask peers for: one range for damaged commits that follow each other on a chain. */
export function repairWants(replica: Replica | null, disk: SimDisk): Want[] {
  if (replica === null || disk.damaged.size === 0) return []
  const { history } = replica
  const orders = [...disk.damaged].sort((a, b) => a - b).slice(0, REPAIRS_MAX)
  const followed = new Set(orders.map((order) => history.prevOf(order)))
  return orders.flatMap((order): Want[] => {
    if (followed.has(order)) return []
    let from = history.prevOf(order)
    while (disk.damaged.has(from)) from = history.prevOf(from)
    const device = history.keyOf(history.deviceOf(order)).slice()
    return [{ device, to: history.idOf(order).slice(), have: from < 0 ? [] : [history.idOf(from).slice()] }]
  })
}

/** Damaged places of the disk that are whole again with these records. */
export function mendedBy(
  records: readonly CommitRecord[],
  replica: Replica,
  disk: SimDisk,
): DiskBatch['mended'] {
  const mended: DiskBatch['mended'] = []
  for (const record of disk.damaged.size === 0 ? [] : records) {
    const order = replica.history.find(record.id)
    if (order < 0 || !disk.damaged.has(order) || record.payloads.includes(null)) continue
    const isSigned = replica.isSigned(order)
    const { device } = record.header
    if (isSigned && !replica.rule.verify(device, commitMessage(record.id), record.signature)) continue
    mended.push({ order, entry: { record, isSigned, isRotten: false } })
  }
  return mended
}

/** Takes a damaged commit of the log back by its row of the index; false when that does not follow what is there. */
export function restoreRow(replica: Replica, { record, isSigned }: DiskEntry): boolean {
  const { header, id } = record
  const { history } = replica
  const prev = header.prev === null ? -1 : history.find(header.prev)
  const seen = header.seen.map((head) => history.find(head.id))
  const documents = header.sections.map((it) => it.document)
  if (seen.includes(-1) || (header.prev !== null && prev < 0)) return false
  const { device, seq, epoch } = header
  return replica.restore({ device, seq, id, prev, seen, epoch, isSigned, documents })
}

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
