import { toHex } from '#protocol/encoding'
import { LEDGER } from '#protocol/ledger'
import { violation } from './checker.ts'
import type { Checker, Violation } from './checker.ts'
import type { SimNode } from '../peers/index.ts'
import { booksOf } from './trade-view.ts'

/** Nodes with equal commits and seals have equal balances, and the same hash of the ledger. */
export const equalBooks: Checker = (world) => {
  if (world.trade === null) return []
  const first = new Map<string, { node: SimNode; says: string }>()
  const found: Violation[] = []
  for (const node of world.nodes) {
    const { replica, disk, unsyncedBytes } = node
    if (replica === null || disk.damaged.size > 0 || unsyncedBytes > 0 || booksOf(node) === null) continue
    const set = `${toHex(replica.heads.root())} ${replica.authority.epochs.tip.name}`
    const says = saidBy(node)
    const other = first.get(set)
    if (other === undefined) {
      first.set(set, { node, says })
      continue
    }
    if (other.says === says) continue
    const nodes = [other.node.number, node.number]
    const detail = `nodes ${nodes.join(' and ')} hold the same commits and seals, and their books differ`
    found.push(violation(world, { checker: 'equal-books', kind: 'correctness', detail, nodes }))
  }
  return found
}

function saidBy(node: SimNode): string {
  const rows = booksOf(node)?.balances() ?? []
  const hash = node.replica?.document(LEDGER)?.stateHash() ?? new Uint8Array()
  const shown = rows.map((it) => `${it.account} ${it.device} ${it.holding} ${it.inFlight} ${it.replaced}`)
  return [toHex(hash), ...shown].join('\n')
}
