import { cp, mkdtemp, readFile, readdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { seededRandom } from '#simulations/mesh'
import { compact, rotValue } from '../../test/actors/rotten-value.ts'
import { COPY_BYTES_MAX } from './settings-copy.ts'
import { CHECKED_BYTES_MAX, UNCLEAN_ENDS_MAX } from './store-files.ts'
import { Store } from './store.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-damaged-'))
  path = join(folder, 'store')
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

const put = (key: string, text: string): { type: 'put'; key: string; value: Uint8Array } => ({
  ...{ type: 'put', key, value: Buffer.from(text) },
})

/** A store that holds these values, closed. */
async function filled(values: Record<string, string>): Promise<void> {
  const store = await Store.open(path)
  for (const [key, text] of Object.entries(values)) await store.write([put(key, text)])
  await store.close()
}

const rot = async (key: string, change: (bytes: Uint8Array) => Uint8Array | null): Promise<void> =>
  rotValue(path, key, change)

const flip = (bytes: Uint8Array): Uint8Array => {
  bytes[0] = (bytes[0] ?? 0) ^ 1
  return bytes
}

async function reopened<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const store = await Store.open(path)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

test('a damaged value is never given out, is named, and is forgotten once it is written anew', async () => {
  await filled({ 'a/one': 'first', 'a/two': 'second' })
  await rot('a/one', flip)
  await reopened(async (store) => {
    expect(await store.read('a/one')).toMatchObject({ state: 'damaged' })
    await expect(store.get('a/one')).rejects.toMatchObject({ code: 'data-damaged' })
    const seen: string[] = []
    for await (const batch of store.entries('a/')) for (const [key] of batch) seen.push(key)
    expect(seen).toEqual(['a/two'])
    expect(store.damagedKeys).toEqual(['a/one'])
    expect(store.findings.all()).toMatchObject([{ code: 'store-value', where: 'a/one', severity: 'pending' }])
    await store.write([put('a/one', 'again')])
    expect(Buffer.from((await store.get('a/one')) ?? []).toString()).toBe('again')
    expect(store.damagedKeys).toEqual([])
    expect(store.findings.all()).toMatchObject([{ where: 'a/one', severity: 'repaired' }])
  })
})

test('a whole value under the key of another is damaged', async () => {
  await filled({ 'a/one': 'first', 'a/two': 'second' })
  let other: Uint8Array = new Uint8Array()
  await rot('a/two', (bytes) => (other = bytes))
  await rot('a/one', () => other)
  await reopened(async (store) => {
    expect((await store.read('a/one')).state).toBe('damaged')
    expect((await store.read('a/two')).state).toBe('whole')
  })
})

test.each([
  ['a flipped setting', flip],
  ['a lost setting', () => null],
])('%s comes back from the copy beside the database', async (_, change) => {
  await filled({ 'm/genesis': 'the record', 'm/paused': 'yes', 'p/aa': '/ip4/10.0.0.1/tcp/4801' })
  await rot('m/genesis', change)
  await rot('p/aa', change)
  await reopened(async (store) => {
    expect(Buffer.from((await store.get('m/genesis')) ?? []).toString()).toBe('the record')
    expect(Buffer.from((await store.get('p/aa')) ?? []).toString()).toBe('/ip4/10.0.0.1/tcp/4801')
    expect(store.findings.all().map((it) => [it.where, it.severity])).toContainEqual([
      'm/genesis',
      'repaired',
    ])
  })
})

test('a damaged or missing copy is made anew from the database', async () => {
  await filled({ 'm/genesis': 'the record' })
  const copy = await readFile(`${path}.settings`, 'utf8')
  for (const damage of [
    async () => writeFile(`${path}.settings`, copy.replace('m/gen', 'm/gem')),
    async () => rm(`${path}.settings`),
  ]) {
    await damage()
    const findings = await reopened(async (store) => store.findings.all())
    expect(findings).toMatchObject([{ code: 'coop-file', severity: 'repaired' }])
    expect(await readFile(`${path}.settings`, 'utf8')).toBe(copy)
  }
})

test('a copy that lags behind, as after a crash, brings nothing old back', async () => {
  await filled({ 'm/genesis': 'the record', 'm/superseded': 'peer' })
  const copy = await readFile(`${path}.settings`)
  await reopened(async (store) =>
    store.write([{ type: 'del', key: 'm/superseded' }, put('m/sponsor', 'new')]),
  )
  await writeFile(`${path}.settings`, copy)
  await reopened(async (store) => {
    expect(await store.get('m/superseded')).toBeNull()
    expect(Buffer.from((await store.get('m/sponsor')) ?? []).toString()).toBe('new')
    expect(store.findings.all()).toEqual([])
  })
  expect(await readFile(`${path}.settings`, 'utf8')).toContain('m/sponsor')
})

test('a database that lost its last writes takes the newer settings from the copy', async () => {
  await filled({ 'm/genesis': 'the record', 'm/paused': 'yes' })
  const older = join(folder, 'older')
  await cp(path, older, { recursive: true })
  await reopened(async (store) =>
    store.write([{ type: 'del', key: 'm/paused' }, put('m/superseded', 'peer')]),
  )
  await rm(path, { recursive: true })
  await cp(older, path, { recursive: true })
  await reopened(async (store) => {
    expect(await store.get('m/paused')).toBeNull()
    expect(Buffer.from((await store.get('m/superseded')) ?? []).toString()).toBe('peer')
  })
})

test('a setting that is damaged in both places is dropped and named', async () => {
  await filled({ 'm/genesis': 'the record', 'm/opened': '1' })
  await rot('m/opened', flip)
  await rm(`${path}.settings`)
  await reopened(async (store) => {
    expect(await store.get('m/opened')).toBeNull()
    expect(store.findings.all()).toContainEqual(
      expect.objectContaining({ where: 'm/opened', severity: 'lost' }),
    )
  })
})

test('a copy holds no more than its limit, settings before addresses', async () => {
  const address = 'x'.repeat(8_000)
  const values = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`p/${i}`, address]))
  await filled({ ...values, 'm/genesis': 'the record' })
  const copy = await readFile(`${path}.settings`, 'utf8')
  const kept = JSON.parse(copy.split('\n')[0] ?? '') as { values: Record<string, string> }
  expect(Object.keys(kept.values)).toContain('m/genesis')
  expect(Object.keys(kept.values).length).toBe(
    1 + Math.floor((COPY_BYTES_MAX - 'the record'.length) / address.length),
  )
})

test('the mark of the end is that of the last write', async () => {
  const store = await Store.open(path)
  await store.write([put('c/1', 'x')], Buffer.from('after one'))
  await store.write([put('c/2', 'x')])
  await store.write([], Buffer.from('after two'))
  await store.close()
  expect(await reopened(async (it) => Buffer.from(it.foundEnd.mark ?? []).toString())).toBe('after two')
})

test('a flipped bit in any file of the database costs at most the value it is in, and is named', async () => {
  const random = seededRandom(3)
  const values = Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => [`a/${i}`, Buffer.from(random.bytes(100)).toString('hex')]),
  )
  await filled(values)
  const good = `${folder}-good`
  await cp(folder, good, { recursive: true })
  const names = (await readdir(good, { recursive: true })).filter((it) =>
    /ldb$|log$|MANIFEST|CURRENT|end$|settings$/.test(it),
  )
  const outcomes = { whole: 0, named: 0 }
  for (let trial = 0; trial < 60; trial += 1) {
    const name = names[trial % names.length] ?? ''
    await rm(path, { recursive: true })
    await cp(good, folder, { recursive: true, force: true })
    const bytes = await readFile(join(folder, name))
    const at = random.below(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
    await writeFile(join(folder, name), bytes)
    await reopened(async (store) => {
      let lost = 0
      for (const [key, text] of Object.entries(values)) {
        const read = await store.read(key)
        if (read.state !== 'whole') lost += 1
        else expect(Buffer.from(read.value).toString()).toBe(text)
      }
      const place = `${name} at ${at}`
      // A flipped length at the very end of the log looks like the record that a crash cut off: the mark tells.
      expect(lost, place).toBeLessThanOrEqual(1)
      outcomes[lost === 0 ? 'whole' : 'named'] += 1
    })
  }
  await rm(good, { recursive: true })
  expect(outcomes.whole).toBeGreaterThan(20)
  expect(outcomes.named).toBeGreaterThan(5)
}, 120_000)

/** A store with one flipped bit in the data of a table. */
async function withFlippedTable(): Promise<void> {
  const random = seededRandom(4)
  const store = await Store.open(path)
  for (let i = 0; i < 40; i += 1)
    await store.write([put(`a/${i}`, Buffer.from(random.bytes(4_000)).toString('hex'))])
  await store.close()
  await compact(path)
  const table = (await readdir(path)).find((it) => it.endsWith('.ldb')) ?? ''
  const bytes = await readFile(join(path, table))
  bytes[20_000] = (bytes[20_000] ?? 0) ^ 1
  await writeFile(join(path, table), bytes)
}

test('all of a small database is looked at before it is opened, and the damaged one is kept', async () => {
  await withFlippedTable()
  expect(await reopened(async (it) => it.findings.all())).toMatchObject([
    { code: 'store-rebuilt', severity: 'repaired' },
  ])
  expect(await readdir(folder)).toContain('store.damaged')
})

test('all of a large database is looked at after several ends without a close, or when somebody asks for it', async () => {
  await withFlippedTable()
  const { size } = await stat(join(path, 'CURRENT'))
  await writeFile(join(path, 'ballast'), '')
  await truncate(join(path, 'ballast'), CHECKED_BYTES_MAX + size)
  await writeFile(`${path}.open`, String(UNCLEAN_ENDS_MAX - 1))
  expect(await reopened(async (it) => it.findings.all())).toEqual([])
  await cp(path, `${path}.kept`, { recursive: true })
  await writeFile(`${path}.open`, String(UNCLEAN_ENDS_MAX))
  expect(await reopened(async (it) => it.findings.all())).toMatchObject([{ code: 'store-rebuilt' }])
  await rm(path, { recursive: true })
  await rename(`${path}.kept`, path)
  expect(await reopened(async (it) => it.checkAtNextOpening())).toBeUndefined()
  expect(await reopened(async (it) => it.findings.all())).toMatchObject([{ code: 'store-rebuilt' }])
})

test('a rebuilt database that a crash left beside the damaged one takes its place', async () => {
  await filled({ 'a/one': 'rebuilt' })
  await cp(path, `${path}.rebuilt`, { recursive: true })
  await writeFile(join(path, 'CURRENT'), 'nonsense')
  expect(await reopened(async (store) => Buffer.from((await store.get('a/one')) ?? []).toString())).toBe(
    'rebuilt',
  )
  expect((await readdir(folder)).sort()).toEqual(['store', 'store.damaged', 'store.end'])
})
