import { fromHex, toHex } from '#protocol/encoding'
import type { SimNode } from '../peers/index.ts'
import { violation } from './checker.ts'
import type { Checker } from './checker.ts'

/** What one honest node knows of a fork, all that it can reach know in the end: the core, and those that come back after it agreed. */
export const forkProofs: Checker = (world, at) => {
  if (at !== 'end' || world.convergedUs === null) return []
  const nodes = world.reachable.length > 0 ? world.reachable : world.core
  return forksUntold(nodes).map(({ device, knowing, unaware }) => {
    const detail =
      `that ${device.slice(0, 12)} wrote two histories is known to node ${knowing.number}, ` +
      `and not to ${unaware.map((node) => node.number).join(', ')}`
    const numbers = unaware.map((node) => node.number)
    return violation(world, { checker: 'fork-proofs', kind: 'liveness', detail, nodes: numbers })
  })
}

/** Devices (hex) of which some of these nodes know that they wrote two histories, and others do not. */
export function forksUntold(
  nodes: readonly SimNode[],
): { device: string; knowing: SimNode; unaware: SimNode[] }[] {
  const known = new Map<string, SimNode>()
  for (const node of nodes) for (const device of forksKnown(node)) known.set(device, node)
  return [...known].flatMap(([device, knowing]) => {
    const unaware = nodes.filter((node) => !knowsFork(node, device))
    return unaware.length === 0 ? [] : [{ device, knowing, unaware }]
  })
}

function forksKnown({ replica }: SimNode): string[] {
  if (replica === null) return []
  return [...replica.forkEnds.forked].map((device) => toHex(replica.history.keyOf(device)))
}

function knowsFork({ replica }: SimNode, device: string): boolean {
  const number = replica?.history.findDevice(fromHex(device) ?? new Uint8Array(32)) ?? -1
  return replica?.forkEnds.forked.has(number) === true
}
