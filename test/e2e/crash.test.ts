import { mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CampaignParts } from '../crash/campaign.ts'
import { compileShim } from '../crash/disk-shim.ts'
import { caseOf, runFailedWrites } from '../crash/failed-writes.ts'
import { runKills } from '../crash/kills.ts'
import { runPowerCuts } from '../crash/power-cuts.ts'

/** The short part of `npm run crash` (docs/crash-campaign.md): a few of each, from a seed that stays. */
const SEED = 7
const KILLS = 5
const CUTS = 15
/** Of the writes of all scripts one in so many fails. */
const THINNING = 20

let folder: string
let parts: CampaignParts
const shimFolder = join(tmpdir(), `coopmesh-shim-${process.pid}`)
mkdirSync(shimFolder, { recursive: true })
const shim = compileShim(shimFolder)
const without = shim.ok ? '' : ` (skipped: ${shim.why})`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-crash-'))
  process.env['NODE_COMPILE_CACHE'] = join(folder, 'compiled')
  parts = {
    folder,
    keepFolder: join(tmpdir(), `coopmesh-crash-failures-${process.pid}`),
    ...{ seed: SEED, jobs: 2, reopenMsMax: Infinity, signal: new AbortController().signal },
    progress: () => null,
  }
})
afterAll(async () => {
  delete process.env['NODE_COMPILE_CACHE']
  await rm(folder, { recursive: true, force: true })
  await rm(shimFolder, { recursive: true, force: true })
})

test('a kill -9 in a burst of writes loses nothing acknowledged, and no chain forks', async () => {
  const summary = await runKills(parts, KILLS)
  expect(summary.failures).toEqual([])
  expect(summary.kills).toBeGreaterThanOrEqual(KILLS)
  expect(summary.acknowledged).toBeGreaterThan(50)
})

test.skipIf(!shim.ok)(`a power cut loses nothing that was acknowledged${without}`, async () => {
  if (!shim.ok) return
  const summary = await runPowerCuts(parts, { cuts: CUTS, shim })
  expect(summary.failures).toEqual([])
  expect(summary.cuts).toBe(CUTS)
  for (const count of [summary.withUnsynced, summary.withLoss, summary.withTornFile, summary.withUndoneName])
    expect(count).toBeGreaterThan(0)
})

test.skipIf(!shim.ok)(`a disk that lies about what it has synced is noticed${without}`, async () => {
  if (!shim.ok) return
  const lying = { ...parts, keepFolder: join(folder, 'expected') }
  const summary = await runPowerCuts(lying, { cuts: 16, shim, isSyncIgnored: true })
  expect(summary.failures.flatMap((it) => it.faults).join('\n')).toMatch(/lost|does not open/)
})

test.skipIf(!shim.ok)(
  `a write that fails is told to its caller, undoes nothing acknowledged, and passes${without}`,
  async () => {
    if (!shim.ok) return
    const scripts = ['opening', 'writing', 'filling'] as const
    const summary = await runFailedWrites(parts, { shim, scripts, thinning: THINNING })
    expect(summary.failures).toEqual([])
    expect(summary.fired).toBeGreaterThan(10)
    expect(summary.codes['ENOSPC: disk-full']).toBeGreaterThan(5)
  },
)

test('a case of a failed write has a name that leads back to it', () => {
  expect(caseOf('writing/EIO/once/17')).toEqual({ script: 'writing', error: 'EIO', mode: 'once', at: 17 })
  expect(caseOf('writing/EPERM/once/17')).toBeNull()
})
