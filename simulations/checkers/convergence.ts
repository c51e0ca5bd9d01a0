import { toHex } from '#protocol/encoding'
import type { SimNode } from '../peers/index.ts'
import { violation } from './checker.ts'
import type { CheckedWorld, Checker, Violation } from './checker.ts'

/**
 * The core tells of equal heads in time after the faults are over, and so do those that come back then; else who lacks
 * what of whom, and why.
 */
export const convergence: Checker = (world, at) => {
  if (at !== 'end' || world.healedUs === null) return []
  const tookUs = (world.convergedUs ?? world.nowUs) - world.healedUs
  if (world.convergedUs !== null && tookUs <= world.convergeUsMax) return rejoined(world)
  if (world.convergedUs === null && tookUs < world.convergeUsMax) return []
  const seconds = (us: number): string => (us / 1_000_000).toFixed(1)
  const took = world.convergedUs === null ? 'have not agreed' : `took ${seconds(tookUs)} s to agree`
  const detail = `the core's ${world.core.length} nodes ${took} ${seconds(tookUs)} s after the faults; ${explain(world.core)}${work(world)}`
  const nodes = world.core.map((node) => node.number)
  return [violation(world, { checker: 'convergence', kind: 'liveness', detail, nodes })]
}

function work(world: CheckedWorld): string {
  const first = world.core.map((node) => world.workOf(node)).find((it) => it !== null)
  return first === undefined || first === null ? '' : `; ${first}`
}

function rejoined(world: CheckedWorld): Violation[] {
  const { reachable } = world
  if (doAgree(reachable)) return []
  const detail = `the ${reachable.length} honest nodes that came back to the core have not agreed; ${explain(reachable)}`
  const nodes = reachable.map((node) => node.number)
  return [violation(world, { checker: 'convergence', kind: 'liveness', detail, nodes })]
}

/** True when these nodes tell of equal heads, all on their disks. */
export function doAgree(nodes: readonly SimNode[]): boolean {
  const roots = nodes.map(({ replica, unsyncedBytes }) =>
    replica === null || unsyncedBytes > 0 ? null : toHex(replica.heads.root()),
  )
  return roots.every((root) => root !== null && root === roots[0])
}

/** Names the first nodes that lack something: which chain, from where on, who has it, and what they do about it. */
function explain(nodes: readonly SimNode[]): string {
  const reasons: string[] = []
  for (const node of nodes) {
    if (reasons.length === 3) break
    const lack = nodes.map((other) => lackOf(node, other)).find((it) => it !== null)
    if (lack !== undefined && lack !== null) reasons.push(`${lack}; ${stateOf(node)}`)
  }
  return reasons.length === 0 ? 'nobody lacks anything now' : reasons.join('. ')
}

function lackOf(node: SimNode, other: SimNode): string | null {
  if (node.replica === null) return `node ${node.number} is ${node.isOn ? 'waiting for its disk' : 'off'}`
  if (other.replica === null) return null
  const { history } = other.replica
  for (let device = 0; device < history.deviceCount; device += 1) {
    for (const row of other.replica.heads.rowsOf(device)) {
      if (node.replica.history.find(row.id) >= 0) continue
      const waits = node.replica.pending.has(row.id) ? ', which waits there for what it acknowledges' : ''
      const has = node.replica.lengthOf(toHex(row.device))
      return (
        `node ${node.number} has ${has} commits of ${toHex(row.device).slice(0, 12)} and lacks one of length ` +
        `${row.length} that node ${other.number} has${waits}`
      )
    }
  }
  return null
}

function stateOf({ number, links, disk }: SimNode): string {
  const sessions = [...links.values()].map((it) => `${it.peer}${it.session.isSynced ? ' (synced)' : ''}`)
  const damaged = disk.damaged.size > 0 ? `, ${disk.damaged.size} places of its disk are damaged` : ''
  return `node ${number} has sessions with ${sessions.join(', ') || 'nobody'}${damaged}`
}
