import { toHex } from '#protocol/encoding'
import type { SimNode } from '../peers/index.ts'

/**
 * Of these nodes those that others keep streams with: by the node that knows the longest line, neither closed, left nor
 * suspended. Who is outside gets acts of authority alone, and need not agree with the rest.
 */
export function insidersOf(nodes: readonly SimNode[]): readonly SimNode[] {
  let best: SimNode | null = null
  for (const node of nodes) if (best === null || knowsMore(node, best)) best = node
  const authority = best?.replica?.authority
  if (authority === undefined) return nodes
  return nodes.filter(({ device }) => (authority.statusOf(device) ?? 'active') === 'active')
}

/** True when the authority documents of these nodes are equal: one line, one roster, the same acts. */
export function tellOneLine(nodes: readonly SimNode[]): boolean {
  const hashes = nodes.map(({ replica }) => (replica === null ? null : toHex(replica.authority.stateHash())))
  return hashes.every((hash) => hash !== null && hash === hashes[0])
}

function knowsMore({ replica: a }: SimNode, { replica: b }: SimNode): boolean {
  if (a === null || b === null) return a !== null
  const heights = [a, b].map((it) => it.authority.epochs.tip.height) as [number, number]
  return heights[0] > heights[1] || (heights[0] === heights[1] && a.logLength > b.logLength)
}
