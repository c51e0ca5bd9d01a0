import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readFile, readdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LEAF_BYTES } from '#protocol/asset'
import { CoopNode } from '#node/host'
import type { NodeConfig } from '#node/host'
import { orderKey } from '#node/store'
import { flipBit, rotValue } from '../../test/actors/rotten-value.ts'
import { examineNode } from './doctor.ts'
import { verdictOf } from './examination.ts'
import type { DoctorOptions, DoctorReport } from './examination.ts'
import { examineFolder } from './stopped-folder.ts'

const NEVER = new AbortController().signal
let folder: string
let source: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-doctor-'))
  source = `${folder}-film`
})
afterEach(async () => {
  for (const path of [folder, source]) await rm(path, { recursive: true, force: true })
})

function config(): NodeConfig {
  return {
    ...{
      dataPath: folder,
      statePath: null,
      passphrase: undefined,
      port: 0,
      host: '127.0.0.1',
      isMdnsOn: false,
    },
    log: pino({ level: 'silent' }),
  }
}

/** A founded folder with a board and, if wanted, an asset of so many bytes; returns the CID. */
async function founded(assetBytes = 0): Promise<string> {
  const node = await CoopNode.open(config())
  await node.found('North Market', { memberName: 'Ada', deviceName: 'nas' })
  await (await node.boardWriter('prices')).set('price', 'twelve')
  await (await node.boardWriter('prices')).set('price', 'thirteen')
  let cid = ''
  if (assetBytes > 0) {
    await writeFile(source, randomBytes(assetBytes))
    const added = await node.desk.addPaths([source], () => null, NEVER)
    cid = added.assets[0]?.cid ?? ''
  }
  await node.close()
  return cid
}

async function examine(options: Partial<DoctorOptions> = {}): Promise<DoctorReport> {
  const watch = { onProgress: () => null, signal: NEVER }
  return examineFolder(config(), { repair: false, assets: false, ...options }, watch)
}

const named = (report: DoctorReport): string[] => report.findings.map((it) => `${it.code} ${it.severity}`)

test('a sound folder is whole; everything in it is looked at', async () => {
  await founded(2 * LEAF_BYTES + 5)
  const report = await examine({ assets: true })
  expect([report.verdict, report.findings, report.omitted]).toEqual(['whole', [], 0])
  expect(report.checked).toMatchObject({ commits: 4, documents: 3, assets: 1, assetBytes: 3 * LEAF_BYTES })
  expect(report.checked.signatures).toBeGreaterThan(0)
})

test('a verdict is as bad as the worst finding', () => {
  const finding = { code: 'space', where: '', message: '', action: '' } as const
  const verdicts = [[], ['note'], ['note', 'repaired'], ['repaired', 'pending'], ['lost']] as const
  expect(verdicts.map((it) => verdictOf(it.map((severity) => ({ ...finding, severity }))))).toEqual([
    ...['whole', 'whole', 'repaired', 'damaged', 'damaged'],
  ])
})

test('damaged commits are named with the documents that need them, and looking changes nothing', async () => {
  await founded()
  await rotValue(join(folder, 'store'), orderKey('c', 2), flipBit)
  for (const options of [{}, { repair: true }]) {
    const report = await examine(options)
    expect(report.verdict).toBe('damaged')
    expect(named(report)).toEqual(['log-commit pending', 'document pending'])
    expect(report.checked.commits).toBe(2)
  }
})

test('a commit whose signature does not hold, and did once, is named', async () => {
  await founded()
  const node = await CoopNode.open(config())
  const { store } = node
  const block = new Uint8Array((await store.get(orderKey('c', 2))) ?? [])
  const [record] = await node.membership.engine.read([2])
  const at = Buffer.from(block).indexOf(Buffer.from(record?.signature ?? []))
  block[at] = (block[at] ?? 0) ^ 1
  await store.write([{ type: 'put', key: orderKey('c', 2), value: block }])
  await node.close()
  expect(named(await examine())).toEqual(['log-signature pending'])
})

test('values that nothing uses are named, and removed by a repair', async () => {
  await founded()
  const node = await CoopNode.open(config())
  const value = new Uint8Array([1])
  const keys = ['zz/what', 'c/nonsense', 'x/nonsense', `w/${'00'.repeat(32)}`]
  await node.store.write(keys.map((key) => ({ type: 'put', key, value })))
  await node.close()
  // What cannot wait is dropped by every start.
  expect(named(await examine())).toEqual(['store-key note', 'store-key note', 'store-key note'])
  await examine({ repair: true })
  expect(named(await examine())).toEqual([])
})

test('damaged saved books are named, and made anew by looking', async () => {
  await founded()
  const path = join(folder, 'store.books')
  const bytes = await readFile(path)
  await writeFile(path, bytes.subarray(1))
  const report = await examine()
  expect([report.verdict, ...named(report)]).toEqual(['repaired', 'saved-books repaired'])
  expect(named(await examine())).toEqual([])
})

test('a damaged database is put together anew, and what was thrown out is named once', async () => {
  await founded()
  const log = (await readdir(join(folder, 'store'))).find((it) => it.endsWith('.log')) ?? ''
  const bytes = await readFile(join(folder, 'store', log))
  bytes[bytes.length >>> 1] = (bytes[bytes.length >>> 1] ?? 0) ^ 1
  await writeFile(join(folder, 'store', log), bytes)
  const report = await examine()
  expect(named(report)).toContain('store-rebuilt repaired')
  expect(await readdir(folder)).toContain('store.damaged')
  const again = await examine()
  expect(again.findings.filter((it) => it.code === 'store-rebuilt')).toEqual([])
  expect(again.findings).toContainEqual(
    expect.objectContaining({ code: 'folder-stray', where: 'store.damaged' }),
  )
})

test('a database that does not open is moved aside when that is asked for; the identity stays', async () => {
  await founded()
  const path = join(folder, 'store')
  await rename(path, `${folder}-gone`)
  await writeFile(path, 'a file in the place of the database')
  expect(named(await examine())).toEqual(['store-files lost'])
  const repaired = await examine({ repair: true })
  expect(named(repaired)).toEqual(
    expect.arrayContaining([
      'store-files repaired',
      'setting repaired',
      'log-short pending',
      'own-chain pending',
    ]),
  )
  expect((await readdir(folder)).some((it) => it.startsWith('store.aside-'))).toBe(true)
  const node = await CoopNode.open(config())
  expect(node.membership.genesis.name).toBe('North Market')
  expect(node.membership.engine.isOwnChainIncomplete).toBe(true)
  await node.close()
  await rm(`${folder}-gone`, { recursive: true })
})

test('a damaged leaf is found by a full reading, by a sample where it is looked at; a repair has it fetched again', async () => {
  const cid = await founded(6 * LEAF_BYTES)
  const path = join(folder, 'assets', cid)
  const bytes = await readFile(path)
  bytes[LEAF_BYTES + 7] = (bytes[LEAF_BYTES + 7] ?? 0) ^ 1
  await writeFile(path, bytes)
  expect((await examine()).verdict).toBe('whole')
  const full = await examine({ assets: true })
  expect(full.findings).toMatchObject([{ code: 'asset-file', where: cid, severity: 'pending' }])
  expect(full.checked.assetBytes).toBe(5 * LEAF_BYTES)
  expect(await readdir(join(folder, 'assets'))).toEqual([cid])
  expect((await examine({ assets: true, repair: true })).verdict).toBe('damaged')
  expect(await readdir(join(folder, 'assets'))).toEqual([])
  expect((await stat(join(folder, 'partial', cid))).size).toBe(bytes.length)
  const node = await CoopNode.open(config())
  expect([await node.desk.assets.isHeld(cid), await node.desk.assets.toFetch()]).toEqual([false, [cid]])
  await node.close()
  expect(named(await examine())).toEqual(['asset-incomplete pending'])
})

test('a file of an asset that is gone or cut is found without reading it', async () => {
  const cid = await founded(LEAF_BYTES + 5)
  await truncate(join(folder, 'assets', cid), LEAF_BYTES)
  expect(named(await examine())).toEqual(['asset-file pending', 'asset-incomplete pending'])
  await rm(join(folder, 'assets', cid))
  expect(named(await examine())).toEqual(['asset-file pending', 'asset-incomplete pending'])
})

test('a lost entry and a lost note of an asset are made anew from its bytes', async () => {
  const cid = await founded(LEAF_BYTES + 5)
  for (const key of [`a/${cid}`, `h/${cid}`]) await rotValue(join(folder, 'store'), key, () => null)
  expect(named(await examine())).toEqual(['asset-entry note', 'asset-incomplete pending'])
  const repaired = await examine({ repair: true })
  expect(named(repaired)).toEqual(['asset-entry repaired', 'asset-incomplete repaired'])
  expect((await examine()).verdict).toBe('whole')
  const node = await CoopNode.open(config())
  expect(await node.desk.assets.isHeld(cid)).toBe(true)
  await node.close()
})

test('a file under the name of an asset that holds something else is not taken for it', async () => {
  const cid = await founded(100)
  await rotValue(join(folder, 'store'), `a/${cid}`, () => null)
  await writeFile(join(folder, 'assets', cid), 'something else')
  expect(named(await examine({ repair: true }))).toContain('asset-entry note')
  expect(named(await examine())).toContain('asset-incomplete pending')
})

test('a full check that was cut off goes on where it was', async () => {
  await founded(10)
  const node = await CoopNode.open(config())
  const seen: string[] = []
  const onProgress = ({ path }: { path: string }): void => void seen.push(path)
  const options = { repair: false, assets: true }
  const watch = { onProgress, signal: NEVER, isStopped: false }
  await writeFile(join(folder, 'doctor.json'), JSON.stringify({ after: 'zzz', beganMs: Date.now() }))
  await examineNode(node, options, watch)
  expect(seen.filter((it) => it.startsWith('asset '))).toEqual([])
  expect(await readdir(folder)).not.toContain('doctor.json')
  await writeFile(join(folder, 'doctor.json'), 'damaged')
  await examineNode(node, options, watch)
  expect(seen.filter((it) => it.startsWith('asset '))).not.toEqual([])
  await node.close()
})

test('nobody who went away is worked for', async () => {
  await founded()
  const signal = AbortSignal.abort()
  const watch = { onProgress: () => null, signal }
  await expect(examineFolder(config(), { repair: false, assets: false }, watch)).rejects.toThrow()
  expect((await examine()).verdict).toBe('whole')
})

test('secrets that others can read are named, and closed by a repair', async () => {
  await founded()
  await chmod(join(folder, 'device.key'), 0o644)
  const node = await CoopNode.open(config())
  await chmod(join(folder, 'device.key'), 0o644)
  const watch = { onProgress: () => null, signal: NEVER, isStopped: true }
  const found = await examineNode(node, { repair: false, assets: false }, watch)
  expect(found.findings).toMatchObject([{ code: 'folder-mode', where: 'device.key', severity: 'pending' }])
  await examineNode(node, { repair: true, assets: false }, watch)
  expect((await stat(join(folder, 'device.key'))).mode & 0o777).toBe(0o600)
  await node.close()
})

test('a damaged format file of a folder that was never founded is written anew by a repair alone', async () => {
  await (await CoopNode.open(config())).close()
  await rm(join(folder, 'store.settings'), { force: true })
  await writeFile(join(folder, 'format'), '2 deadbeef\n')
  await expect(CoopNode.open(config())).rejects.toMatchObject({ code: 'data-damaged' })
  expect(named(await examine({ repair: true }))).toContain('folder-format repaired')
  await (await CoopNode.open(config())).close()
})

test('a folder that is not there, or in use, is refused by name', async () => {
  await rm(folder, { recursive: true })
  await expect(examine()).rejects.toMatchObject({ code: 'not-founded' })
  const node = await CoopNode.open(config())
  await expect(examine()).rejects.toMatchObject({ code: 'data-locked' })
  await node.close()
})
