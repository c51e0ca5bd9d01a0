import { toHex } from '#protocol/encoding'
import type { SimNode } from '../peers/index.ts'
import { violation } from './checker.ts'
import type { Checker, Violation } from './checker.ts'

/** Nodes that tell of equal heads show equal states of every document. */
export const equalStates: Checker = (world) => {
  const first = new Map<string, SimNode>()
  const found: Violation[] = []
  for (const node of world.nodes) {
    if (node.replica === null || !isSettled(node)) continue
    const root = toHex(node.replica.heads.root())
    const other = first.get(root)
    if (other === undefined) {
      first.set(root, node)
      continue
    }
    const difference = differenceOf(other, node)
    if (difference === null) continue
    const nodes = [other.number, node.number]
    const detail = `nodes ${nodes.join(' and ')} have equal heads, but ${difference}`
    found.push(violation(world, { checker: 'equal-states', kind: 'correctness', detail, nodes }))
  }
  return found
}

/** False while documents wait for the disk or for peers. */
function isSettled({ replica, disk, unsyncedBytes }: SimNode): boolean {
  if (replica === null || disk.damaged.size > 0 || unsyncedBytes > 0) return false
  return replica.documentIds().every((id) => {
    const log = replica.documentLog(id)
    return log?.isWithheld === true || log?.isCurrent === true
  })
}

function differenceOf(a: SimNode, b: SimNode): string | null {
  const ids = new Set([...(a.replica?.documentIds() ?? []), ...(b.replica?.documentIds() ?? [])])
  for (const id of ids) {
    // What one of them declines, or lacks payloads of, only the other shows.
    if ([a, b].some((node) => node.replica?.documentLog(id)?.isWithheld === true)) continue
    const [one, other] = [a, b].map((node) =>
      toHex(node.replica?.document(id)?.stateHash() ?? new Uint8Array()),
    )
    if (one !== other) return `'${id}' hashes to '${one?.slice(0, 12)}' and '${other?.slice(0, 12)}'`
  }
  return null
}
