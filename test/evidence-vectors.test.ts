import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fromHex } from '#protocol/encoding'
import { EvidenceVerifier } from '#protocol/evidence'
import type { EvidenceResult } from '#protocol/evidence'
import { SignatureRule } from '#protocol/identity'
import { nodeCrypto } from '#node/crypto'

interface Vectors {
  valid: { name: string; file: string; commits: number; signed: number; payloads: number; forks: number }[]
  invalid: { name: string; head: number; hex: string; tail: number; refusal: string }[]
}

const ROOT = join(import.meta.dirname, '..')
const crypto = nodeCrypto()
const rule = new SignatureRule(crypto)
let vectors: Vectors
let folder: string
beforeAll(async () => {
  vectors = JSON.parse(
    await readFile(join(import.meta.dirname, 'vectors', 'evidence.json'), 'utf8'),
  ) as Vectors
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-evidence-'))
})
afterAll(async () => rm(folder, { recursive: true, force: true }))

const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array()

/** The file of an invalid vector. */
function fileOf({ head, hex, tail }: Vectors['invalid'][number]): Uint8Array {
  const base = bytesOf(vectors.valid[0]?.file ?? '')
  return Buffer.concat([base.subarray(0, head), bytesOf(hex), base.subarray(base.length - tail)])
}

function verify(file: Uint8Array): EvidenceResult {
  const verifier = new EvidenceVerifier({ sha256: crypto.sha256, rule })
  verifier.push(file)
  return verifier.finish()
}

/** Runs the example on a file. */
async function runExample(file: Uint8Array): Promise<{ code: number; stdout: string }> {
  const path = join(folder, 'file.car')
  await writeFile(path, file)
  const args = [join(ROOT, 'examples', 'verify-evidence.ts'), path]
  return new Promise((resolve) => {
    execFile(join(ROOT, 'node_modules/.bin/node'), args, (failure, stdout) =>
      resolve({ code: typeof failure?.code === 'number' ? failure.code : 0, stdout }),
    )
  })
}

test('evidence.json: good files are counted', () => {
  expect(vectors.valid.length).toBeGreaterThan(0)
  for (const { name, file, ...counts } of vectors.valid) {
    const result = verify(bytesOf(file))
    const report = result.ok ? { ...result.report, forks: result.report.forkCount } : result
    expect(report, name).toMatchObject(counts)
  }
})

test('evidence.json: bad files are refused by name', () => {
  expect(vectors.invalid.length).toBeGreaterThan(0)
  for (const vector of vectors.invalid)
    expect(verify(fileOf(vector)), vector.name).toMatchObject({ ok: false, refusal: vector.refusal })
})

test('the example needs no code of ours to tell good files from bad ones', async () => {
  for (const { name, file, commits, signed, payloads, forks } of vectors.valid) {
    const { code, stdout } = await runExample(bytesOf(file))
    const counts = `${commits} commits (${signed} signed, ${commits - signed} covered by a later signature)`
    expect(stdout, name).toContain(`good: ${counts}, ${payloads} payloads, ${forks} forks`)
    expect([code, stdout.split('\n').length], name).toEqual([0, 2])
  }
  for (const vector of vectors.invalid) {
    const { code, stdout } = await runExample(fileOf(vector))
    expect([code, stdout.slice(0, 4)], vector.name).toEqual([1, 'bad:'])
  }
})
