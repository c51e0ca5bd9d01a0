import type { World, WorldSeal } from './world.ts'

/**
 * The end of the winning line among these seals (design, section 5): of two seals with one parent the one
 * whose subtree carries more stewards who did not sign two of one parent, then the smaller roster, then the
 * lower id. `signers` counts only the seal's own signatures instead: the rule that a withheld signature
 * beats.
 */
export function winner(
  world: World,
  seals: ReadonlySet<number>,
  rule: 'weight' | 'signers' = 'weight',
): number {
  const children = new Map<number, WorldSeal[]>()
  for (const id of seals) {
    const seal = world.sealAt(id)
    children.set(seal.parent, [...(children.get(seal.parent) ?? []), seal])
  }
  const doubleSigners = new Set<number>()
  for (const siblings of children.values()) {
    const signed = siblings.flatMap((seal) => seal.signers)
    for (const signer of signed)
      if (signed.filter((it) => it === signer).length > 1) doubleSigners.add(signer)
  }
  const carries = (seal: WorldSeal): number[] => [
    ...seal.signers.filter((it) => !doubleSigners.has(it)),
    ...(children.get(seal.id) ?? []).flatMap(carries),
  ]
  const weight = (seal: WorldSeal): number =>
    rule === 'signers' ? seal.signers.length : new Set(carries(seal)).size
  const closed = (seal: WorldSeal): number => world.line(seal.id).flatMap((it) => it.closed).length
  let tip = 0
  for (;;) {
    const siblings = children.get(tip) ?? []
    const [best] = siblings.sort((a, b) => weight(b) - weight(a) || closed(b) - closed(a) || a.id - b.id)
    if (best === undefined) return tip
    tip = best.id
  }
}
