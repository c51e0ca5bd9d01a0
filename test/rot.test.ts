import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kindOf, runRot } from './rot/rot-campaign.ts'
import { filesOf, makeRotFolder } from './rot/rot-folder.ts'
import type { RotFolder } from './rot/rot-folder.ts'

/** The short part of `npm run rot`: a few changes to each file, from a seed that stays. */
const SEED = 11
const TRIALS = 40

let path: string
let folder: RotFolder

beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'coopmesh-rot-'))
  folder = await makeRotFolder(join(path, 'folder'))
})
afterAll(async () => rm(path, { recursive: true, force: true }))

test('a changed byte, a cut or a hole in any file is harmless, named and healed, or refused by name; never a wrong state', async () => {
  const summary = await runRot(folder, { trials: TRIALS, seed: SEED })
  expect(summary.failures).toEqual([])
  expect(summary.kinds.same).toBeGreaterThan(3)
  expect(summary.kinds.noted).toBeGreaterThan(3)
  expect(summary.kinds.healed).toBeGreaterThan(10)
  expect(summary.kinds.refused).toBeGreaterThan(0)
  const kinds = new Set((await filesOf(folder.path)).map((it) => kindOf(it.name)))
  expect(new Set(Object.keys(summary.files))).toEqual(kinds)
  const found = Object.keys(summary.findings).join('\n')
  for (const code of ['store-rebuilt', 'log-', 'asset-file', 'board-copy', 'coop-file', 'folder-format'])
    expect(found).toContain(code)
}, 240_000)
