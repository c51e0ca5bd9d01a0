import { expect } from 'vitest'
import type { Choices } from './choices.ts'
import { itemsOf } from './intake.ts'
import type { Item } from './intake.ts'
import { Subject } from './subject.ts'
import type { Witness } from './witness.ts'
import type { World } from './world.ts'

/** Makes a replica by the evaluation. */
export const SUBJECT = (world: World): Subject => new Subject(world)

/** A replica that got everything, in a random order, some of it twice. */
export function filled<T extends Witness>(
  world: World,
  draw: Choices,
  make: (world: World) => T,
  step?: (witness: T) => void,
): T {
  const witness = make(world)
  for (const item of arrivals(world, draw)) witness.receive(item, () => step?.(witness))
  expect(witness.isStuck).toBe(false)
  return witness
}

/** Everything of a world in a random order, some of it twice. */
function arrivals(world: World, draw: Choices): Item[] {
  const items = itemsOf(world.all())
  return draw.shuffled([...items, ...items.filter(() => draw.chance(30))])
}
