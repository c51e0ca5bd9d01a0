import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { ROOT } from '../test/actors/node-process.ts'
import { readScenario } from './scenario/index.ts'

test('the examples of docs/simulation.md run', async () => {
  const text = readFileSync(join(ROOT, 'docs', 'simulation.md'), 'utf8')
  const examples = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code ?? '')
  expect(examples.length).toBeGreaterThan(0)
  const folder = mkdtempSync(join(tmpdir(), 'coop-docs-'))
  try {
    for (const [i, example] of examples.entries()) {
      const outfile = join(folder, `${i}.mjs`)
      const contents = `import { nodeCrypto } from '#node/crypto'\nconst { sha256 } = nodeCrypto()\n${example}`
      const options = { bundle: true, format: 'esm', platform: 'node', logLevel: 'silent', outfile } as const
      await build({ stdin: { contents, resolveDir: ROOT, loader: 'ts' }, ...options })
      await import(outfile)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('the scenarios of docs/simulation.md are scenarios', () => {
  const text = readFileSync(join(ROOT, 'docs', 'simulation.md'), 'utf8')
  const examples = [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml]) => yaml ?? '')
  expect(examples.length).toBeGreaterThan(0)
  for (const example of examples) {
    const source = { name: 'example', file: 'docs/simulation.md', text: example, attached: {} }
    expect(() => readScenario(source)).not.toThrow()
  }
})
