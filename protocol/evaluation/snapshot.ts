import type { AccountTable } from './account-table.ts'
import type { Branches } from './branches.ts'
import type { Cover } from './cover.ts'
import type { DeviceTable } from './device-table.ts'
import type { Insights } from './insight.ts'
import type { SealTree } from './seal-tree.ts'
import { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'
import type { Standings } from './standings.ts'
import type { Tally } from './tally.ts'
import type { PlacedTransfer } from './transfers.ts'
import type { Units } from './units.ts'

/** What an evaluation is made of. */
export interface EvaluationParts {
  readonly devices: DeviceTable
  readonly accounts: AccountTable
  readonly branches: Branches
  readonly seals: SealTree
  readonly insights: Insights
  readonly standings: Standings
  readonly units: Units
  readonly tally: Tally
  readonly cover: Cover
}

/** A mark with its answer. */
export interface MarkedAmount {
  readonly order: number
  readonly account: string
  readonly left: bigint
}

/** Goes up with each change of what is written, and of what the rules say of a commit. */
const SNAPSHOT_VERSION = 2

/** Writes all but what the commits did: of that, what is left at the ends of chains, and transfers that are not done. */
export function writeSnapshot(
  parts: EvaluationParts,
  areUnitsDemanded: boolean,
  marks: readonly MarkedAmount[],
): Uint8Array {
  const { devices, accounts, branches, seals, insights, standings, units, tally, cover } = parts
  const out = new SnapshotWriter()
  out.count(SNAPSHOT_VERSION)
  out.count(areUnitsDemanded ? 1 : 0)
  devices.save(out)
  accounts.save(out)
  branches.save(out)
  seals.save(out)
  insights.save(out)
  standings.save(out)
  units.save(out)
  tally.books.save(out)
  tally.transfers.save(out, branches.all.length, (transfer) => isDone(transfer, parts))
  cover.save(out, branches)
  out.list(marks, ({ order, account, left }) => {
    out.count(order)
    out.text(account)
    out.amount(left)
  })
  return out.result()
}

/** Fills parts that hold nothing yet; the marks. Null when the bytes are not what `writeSnapshot` writes, and the parts are spoilt. */
export function readSnapshot(
  bytes: Uint8Array,
  parts: EvaluationParts,
  areUnitsDemanded: boolean,
): MarkedAmount[] | null {
  const { devices, accounts, branches, seals, insights, standings, units, tally, cover } = parts
  const from = new SnapshotReader(bytes)
  if (from.count() !== SNAPSHOT_VERSION || (from.count() === 1) !== areUnitsDemanded) return null
  const loads = [
    () => devices.load(from),
    () => accounts.load(from),
    () => branches.load(from),
    () => seals.load(from),
    () => insights.load(from),
    () => standings.load(from, seals),
    () => units.load(from, branches),
    () => tally.books.load(from),
    () => tally.transfers.load(from, { accounts, branches }),
    () => cover.load(from, branches),
  ]
  for (const load of loads) {
    load()
    if (from.isOff) return null
  }
  const marks = from.list(() => ({
    order: branches.order(from),
    account: from.text(),
    left: from.amount(),
  }))
  return from.isAtEnd && !from.isOff ? marks : null
}

/**
 * True when all chains of the receiver have accepted the transfer, so that nothing changes of it. Those of the last commit
 * of a branch are kept all the same: what is asked of that commit is answered.
 */
function isDone({ acceptedBy, branch, seq, to }: PlacedTransfer, parts: EvaluationParts): boolean {
  if (seq === branch.last || acceptedBy.length === 0) return false
  const { trusted } = parts.insights
  return parts.branches.of(to).every((own) => trusted.upTo(own, branch) >= seq)
}
