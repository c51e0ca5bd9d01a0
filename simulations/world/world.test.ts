import { expect, test } from 'vitest'
import { toHex } from '#protocol/encoding'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { Audit, Simulator } from '../kernel/index.ts'
import { STATES } from '../peers/index.ts'
import { swarmConfig } from './swarm.ts'
import { World } from './world.ts'
import type { Decision } from './world-config.ts'

const crypto = nodeCrypto()
const { sha256 } = crypto

/** Runs one swarm-drawn world. `leaveOut`: decisions that do not happen. */
function run(
  seed: number,
  mode: 'real' | 'fast' = 'fast',
  leaveOut: (decision: Decision) => boolean = () => false,
): { world: World; digest: string; violations: unknown[] } {
  const make = (decisions?: readonly Decision[]): { world: World; audit: Audit } => {
    const audit = new Audit({ sha256 })
    const sim = new Simulator({ seed, audit })
    const config = swarmConfig(sim.random.stream('swarm'))
    const port = { verify: crypto.verify, signer: nodeSigner }
    const given = decisions === undefined ? {} : { decisions }
    return { world: new World({ sim, sha256, crypto: mode, port, config, ...given }), audit }
  }
  const drawn = make().world.trace
  const { world, audit } = make(drawn.filter((decision) => !leaveOut(decision)))
  const violations = world.run()
  return { world, digest: toHex(audit.digest()), violations }
}

test('one seed gives one run, and another one another', () => {
  const { digest } = run(3)
  expect(run(3).digest).toBe(digest)
  expect(run(6).digest).not.toBe(digest)
})

test('with real signatures the same holds', () => {
  const { world, violations } = run(6, 'real')
  expect(world.crypto.mode).toBe('real')
  expect(violations).toEqual([])
  expect(world.reached.acknowledged).toBeGreaterThan(10)
})

test('a decision that is left out does not happen, and the others do', () => {
  const { world } = run(2, 'fast', ({ what }) => what === 'partition')
  const whole = run(2).world
  expect(whole.trace.length).toBeGreaterThan(world.trace.length)
  expect(world.trace.filter(({ what }) => what === 'join')).toEqual(
    whole.trace.filter(({ what }) => what === 'join'),
  )
  expect([whole.reached.partitioned > 0, world.reached.partitioned]).toEqual([true, 0])
})

test('sixteen swarm-drawn worlds hold, and reach every state that is worth reaching', () => {
  const reached = new Set<string>()
  for (const seed of CAMPAIGN) {
    const { world, violations } = run(seed)
    expect(violations, `seed ${seed}`).toEqual([])
    for (const [state, count] of Object.entries(world.reached)) if (count > 0) reached.add(state)
  }
  expect(STATES.filter((state) => !reached.has(state) && !SCRIPTED.has(state))).toEqual([])
}, 300_000)

/** Where people must act together these are reached by scripts of scenarios, which the short campaign sees to. */
const SCRIPTED: ReadonlySet<string> = new Set(['recovered', 'double-voted'])

const CAMPAIGN = Array.from({ length: 16 }, (_, i) => i)
