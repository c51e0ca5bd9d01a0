import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Level } from 'level'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRandom } from '#simulations/mesh'
import type { SeededRandom } from '#simulations/mesh'
import { compact } from '../../test/actors/rotten-value.ts'
import { checkDatabase } from './database-files.ts'
import type { DatabaseDamage } from './database-files.ts'
import { salvageDatabase } from './salvage.ts'

/** Trials for each file. */
const TRIALS = 30

let folder: string
let base: string
const values = new Map<string, Buffer>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-leveldb-'))
  base = join(folder, 'base')
  const random = seededRandom(1)
  // Half of each value can be packed.
  for (let i = 0; i < 200; i += 1) {
    const length = 50 + random.below(600)
    values.set(
      `c/${String(i).padStart(6, '0')}`,
      Buffer.concat([random.bytes(length), Buffer.alloc(length, i)]),
    )
  }
  const keys = [...values.keys()]
  await write(keys.slice(0, 120), true)
  await write(keys.slice(120), false)
})
afterAll(async () => rm(folder, { recursive: true, force: true }))

async function write(keys: readonly string[], isCompacted: boolean): Promise<void> {
  const level = new Level<string, Uint8Array>(base, { valueEncoding: 'view' })
  // An older value of each key, and keys that are deleted again.
  for (const key of keys)
    await level.batch([put(key, Buffer.from('old')), put(`d${key}`, Buffer.from('gone'))])
  for (const key of keys)
    await level.batch([put(key, values.get(key) ?? Buffer.alloc(0)), { type: 'del', key: `d${key}` }])
  await level.close()
  if (isCompacted) await compact(base)
}

function put(key: string, value: Uint8Array): { type: 'put'; key: string; value: Uint8Array } {
  return { type: 'put', key, value }
}

const isWhole = (key: string, value: Uint8Array): boolean => values.get(key)?.equals(value) === true

/** What is found and what can be salvaged of a database with one flipped bit. */
async function flipped(
  name: string,
  at: number,
  bit: number,
): Promise<{ damage: DatabaseDamage[]; lost: string[] }> {
  const path = join(folder, 'flipped')
  await rm(path, { recursive: true, force: true })
  await cp(base, path, { recursive: true })
  const bytes = await readFile(join(path, name))
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
  await writeFile(join(path, name), bytes)
  return { damage: await checkDatabase(path, 'all'), lost: await lostFrom(path) }
}

async function lostFrom(path: string): Promise<string[]> {
  const left = new Set(values.keys())
  for await (const changes of salvageDatabase(path, isWhole))
    for (const { key, value } of changes) if (value !== null && isWhole(key, value)) left.delete(key)
  return [...left]
}

/** A place in a file: anywhere, and half of the time in its last kilobytes, where a table keeps its index. */
function placeIn(bytes: number, random: SeededRandom): number {
  return random.below(2) === 0 ? random.below(bytes) : bytes - 1 - random.below(Math.min(bytes, 2_000))
}

test('a sound database has no damage and is salvaged whole, without what was deleted or replaced', async () => {
  expect(await checkDatabase(base, 'all')).toEqual([])
  const found = new Map<string, Uint8Array>()
  for await (const changes of salvageDatabase(base, isWhole))
    for (const { key, value } of changes) if (value !== null) found.set(key, value)
  expect([...found.keys()].sort()).toEqual([...values.keys()])
  expect([...found].every(([key, value]) => isWhole(key, value))).toBe(true)
})

test('every flipped bit in a table, a log, the manifest or CURRENT is found; what is lost is never lost silently', async () => {
  const random = seededRandom(2)
  const kinds = { table: 0, log: 0, other: 0 }
  for (const name of await readdir(base)) {
    const kind = name.endsWith('.ldb')
      ? 'table'
      : name.endsWith('.log')
        ? 'log'
        : /^(MANIFEST|CURRENT)/.test(name)
          ? 'other'
          : null
    const { length } = await readFile(join(base, name))
    if (kind === null || length === 0) continue
    for (let trial = 0; trial < TRIALS; trial += 1) {
      const place = `${name} at ${placeIn(length, random)}`
      const { damage, lost } = await flipped(name, Number(place.split(' ').at(-1)), random.below(8))
      // A length that points behind the end of the log looks like the record that a crash cut off.
      if (kind !== 'log') expect(damage, place).not.toEqual([])
      else if (damage.length === 0) expect(lost.length, place).toBeLessThanOrEqual(1)
      if (damage.length > 0) kinds[kind] += 1
    }
  }
  expect(kinds.table).toBeGreaterThanOrEqual(TRIALS)
  expect(kinds.log).toBeGreaterThan(TRIALS / 2)
  expect(kinds.other).toBe(2 * TRIALS)
}, 120_000)

test('a log that ends in the middle of a record is what a crash leaves, and is not named', async () => {
  const path = join(folder, 'torn')
  await cp(base, path, { recursive: true })
  const log = (await readdir(path)).find((name) => name.endsWith('.log')) ?? ''
  const bytes = await readFile(join(path, log))
  await writeFile(join(path, log), bytes.subarray(0, bytes.length - 20))
  expect(await checkDatabase(path, 'all')).toEqual([])
  expect((await lostFrom(path)).length).toBeLessThanOrEqual(1)
})

test('a database without CURRENT, which LevelDB would take for a new one and delete, is named', async () => {
  const path = join(folder, 'headless')
  await cp(base, path, { recursive: true })
  await rm(join(path, 'CURRENT'))
  expect(await checkDatabase(path, 'index')).toEqual([{ file: 'CURRENT', kind: 'missing' }])
  expect(await lostFrom(path)).toEqual([])
})

test('an empty or missing folder has no damage', async () => {
  expect(await checkDatabase(join(folder, 'none'), 'all')).toEqual([])
})

test('a table that a crash left unfinished is no damage; one that the manifest names is', async () => {
  const copy = join(folder, 'unfinished')
  await cp(base, copy, { recursive: true })
  for (const bytes of [0, 700]) {
    await writeFile(join(copy, '009999.ldb'), Buffer.alloc(bytes, 7))
    expect(await checkDatabase(copy, 'all')).toEqual([])
  }
  const wanted = (await readdir(copy)).filter((name) => /^\d+\.ldb$/.test(name) && name !== '009999.ldb')
  expect(wanted.length).toBeGreaterThan(0)
  for (const name of wanted) {
    const whole = await readFile(join(copy, name))
    await writeFile(join(copy, name), '')
    expect((await checkDatabase(copy, 'all')).map((it) => it.file)).toEqual([name])
    await writeFile(join(copy, name), whole)
  }
  // Where the manifest does not say, all are looked at.
  await rm(join(copy, 'CURRENT'))
  expect((await checkDatabase(copy, 'all')).map((it) => it.file)).toEqual(['CURRENT', '009999.ldb'])
  await rm(copy, { recursive: true })
})
