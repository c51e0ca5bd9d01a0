import { fromHex } from '#protocol/encoding'
import type { SimNode } from '../peers/index.ts'
import { violation } from './checker.ts'
import type { Checker, Violation } from './checker.ts'

/** What one node of the core knows of a fork, all of them know in the end. */
export const forkProofs: Checker = (world, at) => {
  if (at !== 'end' || world.convergedUs === null) return []
  const found: Violation[] = []
  for (const device of world.books.forksFound.keys()) {
    const knowing = world.core.filter((node) => knowsFork(node, device))
    if (knowing.length === 0 || knowing.length === world.core.length) continue
    const unaware = world.core.filter((node) => !knowsFork(node, device)).map((node) => node.number)
    const detail =
      `that ${device.slice(0, 12)} wrote two histories is known to node ${knowing[0]?.number}, ` +
      `and not to ${unaware.join(', ')}`
    found.push(violation(world, { checker: 'fork-proofs', kind: 'liveness', detail, nodes: unaware }))
  }
  return found
}

function knowsFork({ replica }: SimNode, device: string): boolean {
  const number = replica?.history.findDevice(fromHex(device) ?? new Uint8Array(32)) ?? -1
  return replica?.forkEnds.forked.has(number) === true
}
