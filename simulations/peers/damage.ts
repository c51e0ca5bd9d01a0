import { commitMessage } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import type { Replica } from '#protocol/replica'
import type { Want } from '#protocol/sync'
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
