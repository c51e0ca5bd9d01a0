import type { Choices } from './choices.ts'
import { writeCommit } from './commit-generator.ts'
import { exchange, newMesh } from './mesh.ts'
import type { Mesh } from './mesh.ts'
import { draftSeal } from './seal-generator.ts'

/** What to draw more or less of. */
export interface HistoryOptions {
  stepsMin?: number
  stepsMax?: number
  /** No device is hostile; a steward may still sign two seals of one parent. */
  areAllHonest?: boolean
}

/**
 * A random history: devices that pay, consume and acknowledge, cut off from each other now and then; hostile
 * ones fork, withhold branches and seals, overspend and cite old epochs; stewards seal frontiers, close
 * devices, move the floor.
 */
export function generateHistory(choices: Choices, options: HistoryOptions = {}): Mesh {
  const { stepsMin = 30, stepsMax = 80, areAllHonest = false } = options
  const mesh = newMesh(choices, areAllHonest)
  const steps = stepsMin + choices.below(stepsMax - stepsMin + 1)
  const count = mesh.stores.length
  if (choices.chance(85)) startTogether(mesh)
  for (let step = 0; step < steps; step += 1) {
    const turn = choices.below(100)
    const device = choices.below(count)
    if (turn < 5) mesh.parts = mesh.parts.map(() => choices.below(3))
    else if (turn < 38) exchange(mesh, device, choices.below(count))
    else if (turn < 88) writeCommit(mesh, device)
    else draftSeal(mesh)
  }
  return mesh
}

/** Who makes units writes a first commit, and all have it. */
function startTogether(mesh: Mesh): void {
  const { world, stores, units } = mesh
  for (const maker of new Set(units.map((it) => it.maker))) {
    writeCommit(mesh, maker)
    for (const store of stores) for (const id of stores[maker]?.commits ?? []) world.addCommit(store, id)
  }
}
