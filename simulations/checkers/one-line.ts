import type { SeenSeal, SimNode } from '../peers/index.ts'
import { toHex } from '#protocol/encoding'
import { violation } from './checker.ts'
import type { CheckedWorld, Checker, Violation } from './checker.ts'

/**
 * Replicas of equal sets of commits choose the same line, roster and verdicts; and all lines that were ever chosen are one:
 * of an epoch never two children, but where more stewards sign twice than the quorum bears, or beside a recovery.
 */
export const oneLine: Checker = (world) => {
  if (!world.isGoverned) return []
  return [...viewsThatDiffer(world), ...linesThatPart(world)]
}

/** Seals (by their parent) that were both chosen although stewards who sign twice were few enough. */
export function partings(world: CheckedWorld): SeenSeal[][] {
  const byParent = new Map<string, SeenSeal[]>()
  for (const seal of world.books.line.tips.values())
    if (seal.parent !== null) byParent.set(seal.parent, [...(byParent.get(seal.parent) ?? []), seal])
  return [...byParent.values()].filter((it) => it.length > 1)
}

function linesThatPart(world: CheckedWorld): Violation[] {
  const forked = world.books.forkedDevices()
  return partings(world).flatMap((seals) => {
    const [first, second] = seals as [SeenSeal, SeenSeal]
    const rogues = first.signers.filter((device) => forked.has(device)).length
    const isBeyond = rogues >= 2 * first.quorum - first.signers.length
    if (isBeyond || seals.some((it) => it.isRecovery)) return []
    const detail =
      `two seals of height ${first.height} follow one epoch: ${first.name.slice(0, 12)} at node ${first.node} and ` +
      `${second.name.slice(0, 12)} at node ${second.node}; ${rogues} of ${first.signers.length} stewards signed twice`
    const nodes = [first.node, second.node]
    return [violation(world, { checker: 'one-line', kind: 'correctness', detail, nodes })]
  })
}

function viewsThatDiffer(world: CheckedWorld): Violation[] {
  const found: Violation[] = []
  const first = new Map<string, SimNode>()
  for (const node of world.nodes) {
    if (!isWhole(node)) continue
    const set = setOf(node)
    const other = first.get(set)
    if (other === undefined) {
      first.set(set, node)
      continue
    }
    const [a, b] = [viewOf(other), viewOf(node)]
    const at = a.findIndex((line, i) => line !== b[i])
    if (at < 0) continue
    const nodes = [other.number, node.number]
    const detail = `nodes ${nodes.join(' and ')} hold the same commits, but '${a[at]}' and '${b[at]}'`
    found.push(violation(world, { checker: 'one-line', kind: 'correctness', detail, nodes }))
  }
  return found
}

/** False while something waits to be folded. */
function isWhole({ replica, disk, unsyncedBytes }: SimNode): boolean {
  if (replica === null || disk.damaged.size > 0 || unsyncedBytes > 0) return false
  return replica.epochs.length === replica.history.length
}

/** Names the set of commits of a node: their number, and a sum over their ids. */
function setOf({ replica }: SimNode): string {
  let sum = 0
  const length = replica?.history.length ?? 0
  for (let order = 0; order < length; order += 1) {
    const id = replica?.history.idOf(order) ?? NOTHING
    // 48 bits of a hash; the sum stays an exact integer.
    for (let at = 0, part = 0; at < 6; at += 1) {
      part = part * 256 + (id[at] ?? 0)
      if (at === 5) sum = (sum + part) % 281_474_976_710_656
    }
  }
  return `${length}/${sum}`
}

/** What a node makes of its commits, line by line. */
function viewOf({ replica }: SimNode): string[] {
  if (replica === null) return []
  const { authority, history, visibility, epochs } = replica
  const { tip } = authority.epochs
  const roster = [...authority.devices.keys()]
    .sort()
    .map((device) => `${device}: ${authority.statusOf(device)}, ${authority.roleOf(device)}`)
  const verdicts: string[] = []
  for (let order = 0; order < history.length; order += 1) {
    const { isContested, isLate, isSettled } = epochs.evaluation.standingOf(order)
    const says = `${isContested}, ${isLate}, ${isSettled}, shown ${visibility.isVisible(order)}`
    verdicts.push(`${toHex(history.idOf(order))}: ${says}`)
  }
  return [`tip ${tip.name}`, ...roster, ...verdicts.sort()]
}

const NOTHING: Uint8Array = new Uint8Array(6)
