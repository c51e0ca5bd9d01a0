import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { nodeCrypto } from '#node/crypto'
import { ROOT } from '../test/actors/node-process.ts'
import { referenceRun } from '../test/actors/sim-reference.ts'
import { compareRuns, describeDifference } from './kernel/index.ts'

const { sha256 } = nodeCrypto()
/** Every topology and jitter with datagrams and with streams; see the reference run. */
const SEEDS = [0, 1, 2, 3, 4, 5]

test('a seed gives the same bytes of output and the same digest, twice; seeds differ from each other', () => {
  const digests = new Set<string>()
  for (const seed of SEEDS) {
    const outputs: string[] = []
    const { difference } = compareRuns((audit) => {
      const { output, digest } = referenceRun({ seed, sha256, audit })
      outputs.push(output)
      digests.add(digest)
    }, sha256)
    expect(difference === null ? '' : describeDifference(difference)).toBe('')
    expect(outputs[0]).toBe(outputs[1])
    expect(outputs[0]?.split('\n').length).toBeGreaterThan(200)
  }
  expect(digests.size).toBe(SEEDS.length)
})

/** Node executables on the PATH of another version than the one that runs this. */
function otherNodes(): { path: string; version: string }[] {
  const found = new Map<string, string>()
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).concat('/usr/bin', '/usr/local/bin')) {
    const path = join(folder, 'node')
    if (!existsSync(path)) continue
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim()
    if (version !== process.version && !found.has(version)) found.set(version, path)
  }
  return [...found].map(([version, path]) => ({ path, version }))
}

const others = otherNodes()

test.skipIf(others.length === 0)(
  `Node ${process.version} and ${others.map((it) => it.version).join(', ') || 'no other one here'} agree on every byte`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coop-sim-'))
    try {
      const outfile = join(folder, 'reference.mjs')
      const contents = `
        import { createHash } from 'node:crypto'
        import { referenceRun } from './test/actors/sim-reference.ts'
        const sha256 = (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest())
        const results = ${JSON.stringify(SEEDS)}.map((seed) => referenceRun({ seed, sha256 }))
        process.stdout.write(JSON.stringify(results))`
      await build({
        stdin: { contents, resolveDir: ROOT, loader: 'ts' },
        ...{ bundle: true, format: 'esm', platform: 'node', target: 'node20', outfile },
      })
      const here = SEEDS.map((seed) => referenceRun({ seed, sha256 }))
      for (const { path } of others) {
        const there: unknown = JSON.parse(
          execFileSync(path, [outfile], { encoding: 'utf8', maxBuffer: 1 << 28 }),
        )
        expect(there).toEqual(here)
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
)
