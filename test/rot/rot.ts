import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runRot } from './rot-campaign.ts'
import { makeRotFolder } from './rot-folder.ts'

/** `npm run rot -- [TRIALS] [SEED]`: damages a data folder over and over (docs/runbooks/damaged-disk.md). */
const trials = Number(process.argv[2] ?? 1_000)
const seed = Number(process.argv[3] ?? 1)

const path = await mkdtemp(join(tmpdir(), 'coopmesh-rot-'))
try {
  const folder = await makeRotFolder(join(path, 'folder'))
  const onTrial = (done: number): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done}/${trials}`)
  }
  const summary = await runRot(folder, { trials, seed, onTrial })
  process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`)
  if (summary.failures.length > 0) process.exitCode = 1
} finally {
  await rm(path, { recursive: true, force: true })
}
