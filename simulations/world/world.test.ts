import { expect, test } from 'vitest'
import { toHex } from '#protocol/encoding'
import { nodeCrypto } from '#node/crypto'
import { Audit, Simulator } from '../kernel/index.ts'
import { World } from './world.ts'
import { swarmConfig } from './swarm.ts'

const { sha256 } = nodeCrypto()

function run(seed: number): { world: World; digest: string; violations: unknown[] } {
  const audit = new Audit({ sha256 })
  const sim = new Simulator({ seed, audit })
  const world = new World({ sim, sha256, crypto: 'fast', config: swarmConfig(sim.random.stream('swarm')) })
  const violations = world.run()
  return { world, digest: toHex(audit.digest()), violations }
}

test('one seed gives one run', () => {
  expect(run(3).digest).toBe(run(3).digest)
})
