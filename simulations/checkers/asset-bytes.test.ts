import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nodeCrypto } from '#node/crypto'
import { toHex } from '#protocol/encoding'
import { Simulator } from '../kernel/index.ts'
import { readScenario, worldOf } from '../scenario/index.ts'
import { World } from '../world/index.ts'
import type { Violation } from './index.ts'

const { sha256 } = nodeCrypto()
const FILE = join(import.meta.dirname, '..', 'scenarios', 'assets.yaml')
const TEXT = readFileSync(FILE, 'utf8').replace('bytesMax: 1300000', 'bytesMax: 4096')

/** The scenario of assets with small files, up to the end of its faults. */
function run(plant: (world: World) => void = () => {}): { world: World; found: Violation[] } {
  const scenario = readScenario({ name: 'assets', file: FILE, text: TEXT, attached: {} })
  const { world: config } = worldOf(scenario, 3)
  const sim = new Simulator({ seed: 3 })
  const world = new World({ sim, sha256, crypto: 'fast', config })
  plant(world)
  world.start()
  sim.run(config.phases.faultsUs)
  return { world, found: world.check('running') }
}

test('assets reach those that lack them past a liar, and what decays is fetched again', () => {
  const { world, found } = run()
  expect(found).toEqual([])
  expect(world.reached['asset-refused']).toBeGreaterThan(0)
  expect(world.reached['asset-mended']).toBeGreaterThan(0)
  const listed = new Set(world.nodes.flatMap(({ shelf }) => [...(shelf?.held.keys() ?? [])]))
  expect(listed.size).toBe(8)
  for (const { shelf } of world.nodes) expect(shelf?.held.size).toBeGreaterThan(6)
})

test('asset-bytes: a node that believes what comes', () => {
  const { found } = run((world) => {
    for (const { shelf } of world.nodes) if (shelf !== null) shelf.isVerifying = false
  })
  expect(new Set(found.map((it) => it.checker))).toEqual(new Set(['asset-bytes']))
  expect(found[0]).toMatchObject({ kind: 'correctness' })
})

test('asset-bytes: a damaged leaf that counts as read', () => {
  const { world } = run()
  const [node] = world.nodes
  const [name] = node?.shelf?.held.keys() ?? []
  node?.shelf?.rot({ below: () => 0 } as never)
  expect(world.check('running')).toEqual([])
  node?.shelf?.rotten.clear()
  const [first] = world.check('running')
  expect(first?.detail).toContain(`node ${node?.number} holds bytes`)
  expect(toHex(node?.shelf?.held.get(name ?? '')?.cid.bytes ?? new Uint8Array())).toBe(name)
})
