import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { ROOT } from '../test/actors/node-process.ts'
import { otherNodes } from '../test/actors/other-nodes.ts'
import { referenceRun } from '../test/actors/sim-reference.ts'
import { compareRuns, describeDifference } from './kernel/index.ts'
import { planOf } from './runs/plan-of.ts'
import { runOnce } from './runs/run-once.ts'
import { readScenario } from './scenario/index.ts'

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

/** With stewards, without, and at gates, which sign tickets: a seventh of their visitors. */
const REPLICAS = ['swarm', 'quarrels', 'gates']

test.skipIf(others.length === 0).each(REPLICAS)(
  `a run of '%s' gives the same lines of results on ${others.map((it) => it.version).join(', ') || 'no other Node here'}`,
  async (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'coop-sim-'))
    try {
      const whole = readFileSync(join(ROOT, 'simulations', 'scenarios', `${name}.yaml`), 'utf8')
      const text = name === 'gates' ? whole.replaceAll(': 400', ': 60') : whole
      const source = { name, file: `${name}.yaml`, text, attached: {} }
      const ports = { crypto: nodeCrypto(), signer: nodeSigner }
      const here = runOnce(planOf(readScenario(source), 3, { ports }), ports).result
      const outfile = join(folder, 'run.mjs')
      const contents = `
        import { createHash } from 'node:crypto'
        import { planOf } from './simulations/runs/plan-of.ts'
        import { runOnce } from './simulations/runs/run-once.ts'
        import { readScenario } from './simulations/scenario/index.ts'
        const sha256 = (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest())
        const ports = { crypto: { sha256, verify: () => false }, signer: () => null }
        const { result } = runOnce(planOf(readScenario(${JSON.stringify(source)}), 3, { ports }), ports)
        process.stdout.write(JSON.stringify(result))`
      // What node: builtins bundled packages ask for with require.
      const banner = {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      }
      await build({
        stdin: { contents, resolveDir: ROOT, loader: 'ts' },
        ...{ bundle: true, format: 'esm', platform: 'node', target: 'node20', outfile, banner },
      })
      for (const { path } of others) {
        expect(execFileSync(path, [outfile], { encoding: 'utf8', maxBuffer: 1 << 28 })).toBe(
          JSON.stringify(here),
        )
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
)
