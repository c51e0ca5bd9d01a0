import { isMoving } from '#protocol/ledger'
import type { LedgerState } from '#protocol/ledger'
import type { LedgerNames, LedgerRow } from '#protocol/ledger/money'
import { toHex } from '#protocol/encoding'
import type { Engine } from '#node/engine'
import { bookEntries, bookOrders } from './book-entries.ts'
import { readCommits } from './commit-source.ts'
import { sealedAt } from './seal-history.ts'

/** Commits whose entries are read before the event loop gets a turn of its own: the source reads as many at a time. */
const READ_COMMITS = 256

/** All entries of the ledger that move something, in the order of this node's log, and what seals replaced. */
export async function* ledgerRows(engine: Engine, ledger: LedgerState): AsyncGenerator<LedgerRow> {
  const { replica } = engine
  yield* replacements(engine)
  const orders = bookOrders(replica)
  const { length } = orders
  for (let from = 0; from < length; from += READ_COMMITS) {
    const places = Array.from(
      { length: Math.min(READ_COMMITS, length - from) },
      (_, i) => orders.at(from + i) ?? 0,
    )
    let at = 0
    for await (const record of readCommits(engine, places)) {
      const order = places[at] ?? 0
      at += 1
      const device = toHex(record.header.device)
      const common = { commit: toHex(record.id), timeMs: record.header.timeMs, ...holderOf(engine, device) }
      for (const { index, entry } of bookEntries(record, replica)) {
        if (!isMoving(entry)) continue
        const { t: type, unit, amount, memo } = entry
        const name = { order, act: index }
        const isTransfer = type === 'transfer'
        const row: LedgerRow = {
          ...{ ...common, index, type, unit, amount },
          isCounted: ledger.books.isCounted(name),
          isAccepted: !isTransfer || ledger.books.isAccepted(name),
        }
        if (isTransfer) row.to = holderOf(engine, toHex(entry.to))
        if (memo !== undefined) row.memo = memo
        yield row
      }
    }
  }
}

/** What seals of the line issued in the place of what silent devices hold. */
async function* replacements(engine: Engine): AsyncGenerator<LedgerRow> {
  const { epochs } = engine.replica.authority
  const line = []
  for (let epoch = epochs.tip; epoch.parent !== null; epoch = epoch.parent) line.unshift(epoch)
  for (const epoch of line) {
    const replaced = epoch.facts.allowances.filter((it) => it.against !== undefined)
    if (replaced.length === 0) continue
    const timeMs = (await sealedAt(engine, epoch)) ?? 0
    for (const [index, { device, unit, amount, against }] of replaced.entries())
      yield {
        ...{ commit: epoch.name, index, timeMs, type: 'replace', unit, amount },
        ...holderOf(engine, device),
        to: holderOf(engine, against ?? ''),
        ...{ isCounted: true, isAccepted: true },
      }
  }
}

function holderOf({ replica }: Engine, device: string): { device: string; member: string } {
  return { device, member: replica.authority.devices.get(device)?.member ?? '' }
}

/** Names of all members and devices, by key. */
export function ledgerNames({ replica }: Engine): LedgerNames {
  const { devices } = replica.authority
  return {
    members: new Map([...devices.values()].map((it) => [it.member, it.memberName])),
    devices: new Map([...devices].map(([device, it]) => [device, it.deviceName])),
  }
}
