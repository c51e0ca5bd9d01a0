import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importer } from 'ipfs-unixfs-importer'
import { CID } from 'multiformats/cid'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MemoryBlockstore } from 'blockstore-core'
import { nodeCrypto } from '#node/crypto'
import { LEAF_BYTES, fileCid } from '#protocol/asset'
import { CATALOGUE, encodeCatalogueEntries } from '#protocol/catalogue'
import { HostileMember, truth } from '../actors/hostile-member.ts'
import { ApiError } from '../actors/node-process.ts'
import type { NodeProcess } from '../actors/node-process.ts'
import { DEADLINE_MS, until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

interface Added {
  assets: { path: string; cid: string; bytes: number }[]
}

interface Fetched {
  bytes: number
  fetchedBytes: number
  from: string[]
}

let bench: Workbench
let nas: NodeProcess
let venue: NodeProcess
let liar: HostileMember

/** Files whose sizes lie around the edges of a leaf. */
const TREE: Record<string, number> = {
  empty: 0,
  one: 1,
  'almost a leaf': LEAF_BYTES - 1,
  leaf: LEAF_BYTES,
  'leaf and one': LEAF_BYTES + 1,
  'deep/er/写真.jpg': 70_000,
  'deep/Ünï/cöde': 12,
}

/** Writes a directory of files and gives their bytes by path. */
async function writeTree(root: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>()
  for (const [path, sizeBytes] of Object.entries(TREE)) {
    const bytes = new Uint8Array(randomBytes(sizeBytes))
    await mkdir(join(root, path, '..'), { recursive: true })
    await writeFile(join(root, path), bytes)
    files.set(path, bytes)
  }
  return files
}

async function oracle(files: Map<string, Uint8Array>): Promise<string> {
  const candidates = [...files].map(([path, content]) => ({ path: `root/${path}`, content }))
  let last = ''
  for await (const entry of importer(candidates, new MemoryBlockstore(), { profile: 'unixfs-v1-2025' }))
    last = entry.cid.toString()
  return last
}

async function add(node: NodeProcess, ...paths: string[]): Promise<string> {
  const { assets } = (await node.api('POST', '/v1/assets/add', { paths })) as Added
  return assets[0]?.cid ?? ''
}

/** Adds random bytes as a file. */
async function addBytes(
  node: NodeProcess,
  name: string,
  sizeBytes: number,
): Promise<{ cid: string; bytes: Uint8Array }> {
  const bytes = new Uint8Array(randomBytes(sizeBytes))
  await writeFile(bench.file(name), bytes)
  return { cid: await add(node, bench.file(name)), bytes }
}

async function fetchAsset(node: NodeProcess, cid: string): Promise<Fetched> {
  return (await node.api('POST', `/v1/assets/${cid}/fetch`, {})) as Fetched
}

async function fetchError(node: NodeProcess, cid: string): Promise<{ code: string; message: string }> {
  const thrown = await fetchAsset(node, cid).catch((cause: unknown) => cause)
  if (thrown instanceof ApiError) return thrown.body.error
  throw new Error(`fetched after all: ${JSON.stringify(thrown)}`)
}

async function untilListed(node: NodeProcess, cid: string): Promise<void> {
  await until(`${cid} is listed`, async () => {
    const { assets } = (await node.api('GET', '/v1/assets')) as { assets: { cid: string }[] }
    return assets.some((it) => it.cid === cid)
  })
}

/** Flips one bit of a file in place. */
async function flipBit(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+')
  const byte = new Uint8Array(1)
  await file.read(byte, 0, 1, at)
  await file.write(Uint8Array.of((byte[0] ?? 0) ^ 1), 0, 1, at)
  await file.close()
}

beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas')
  venue = await bench.join('venue', nas)
  liar = await HostileMember.admit(nas, 'member', 'liar')
})
afterAll(async () => {
  await liar.close()
  await bench.close()
})

test('a directory has the CID that the unixfs-v1-2025 importer gives, and arrives with identical bytes', async () => {
  const files = await writeTree(bench.file('tree'))
  const added = await nas.cli('add', bench.file('tree'), '--json')
  const cid = (JSON.parse(added.stdout) as Added).assets[0]?.cid ?? ''
  expect(cid).toBe(await oracle(files))
  await untilListed(venue, cid)
  const got = await venue.cli('get', cid, '-o', bench.file('tree-at-venue'), '--json')
  expect(got.code, got.stdout).toBe(0)
  expect(JSON.parse(got.stdout)).toMatchObject({ cid, from: ['nas/nas'] })
  for (const [path, bytes] of files) {
    expect(Buffer.compare(await readFile(bench.file('tree-at-venue', path)), bytes), path).toBe(0)
  }
})

test('an asset that is held is served with ranges, conditional requests and 416', async () => {
  const { cid, bytes } = await addBytes(nas, 'ranged', LEAF_BYTES * 2 + 100)
  const size = bytes.length
  const get = async (headers: Record<string, string>): Promise<Response> =>
    nas.request(`/assets/${cid}`, { headers })
  const cases: [string, number, number][] = [
    ['bytes=0-0', 0, 1],
    [`bytes=${LEAF_BYTES - 1}-${LEAF_BYTES}`, LEAF_BYTES - 1, LEAF_BYTES + 1],
    ['bytes=-7', size - 7, size],
    [`bytes=${size - 3}-`, size - 3, size],
    [`bytes=5-${size + 1_000}`, 5, size],
    [`bytes=-${size * 2}`, 0, size],
  ]
  for (const [range, from, to] of cases) {
    const response = await get({ range })
    expect(response.status, range).toBe(206)
    expect(response.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/${size}`)
    expect(Buffer.compare(await response.bytes(), bytes.subarray(from, to)), range).toBe(0)
  }
  const whole = await get({})
  expect([whole.status, Buffer.compare(await whole.bytes(), bytes)]).toEqual([200, 0])
  const beyond = await get({ range: `bytes=${size}-` })
  expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${size}`])
  const known = await get({ 'if-none-match': `"${cid}"` })
  expect([known.status, await known.text()]).toEqual([304, ''])
  const other = await get({ range: 'bytes=0-0', 'if-range': '"another"' })
  expect(other.status).toBe(200)
  await other.body?.cancel()
  const missing = await venue.request(`/assets/${cid}`)
  expect([missing.status, await missing.json()]).toMatchObject([404, { error: { code: 'asset-not-held' } }])
})

test('a fetch that is killed in the middle goes on with what is missing', async () => {
  const { cid, bytes } = await addBytes(nas, 'large', 64 * LEAF_BYTES)
  await untilListed(venue, cid)
  const response = await venue.request(`/v1/assets/${cid}/fetch`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  })
  const partial = join(venue.folder, 'partial', cid)
  const isBegun = async (): Promise<boolean> => (await stat(partial)).size > 4 * LEAF_BYTES
  await until('some of it is on the disk', isBegun, DEADLINE_MS, 1)
  await venue.kill9()
  await response.body?.cancel().catch(() => null)
  const begun = await readFile(partial)
  const isThere = (at: number): boolean =>
    Buffer.compare(begun.subarray(at, at + LEAF_BYTES), bytes.subarray(at, at + LEAF_BYTES)) === 0
  const missing = Array.from({ length: 64 }, (_, i) => i * LEAF_BYTES).filter((at) => !isThere(at))
  expect(missing).not.toHaveLength(0)
  expect(missing).not.toHaveLength(64)
  venue = await bench.start('venue')
  const fetched = await fetchAsset(venue, cid)
  expect(fetched).toMatchObject({ bytes: bytes.length, fetchedBytes: missing.length * LEAF_BYTES })
  expect(Buffer.compare(await readFile(join(venue.folder, 'assets', cid)), bytes)).toBe(0)
  expect(await readdir(join(venue.folder, 'partial'))).toEqual([])
})

test('a provider that lies is refused, and the next one serves', async () => {
  const bytes = new Uint8Array(randomBytes(LEAF_BYTES * 3 + 5))
  await writeFile(bench.file('wanted'), bytes)
  const honest = truth(bytes)
  const cid = cidOfBytes(bytes)
  liar.write({ document: CATALOGUE, entries: 1, payload: holdOf(cid) })
  await liar.sync(nas)
  expect(await add(nas, bench.file('wanted'))).toBe(cid)
  await untilListed(venue, cid)
  await liar.connect(venue)
  const flipped = bytes.slice(2 * LEAF_BYTES, 3 * LEAF_BYTES)
  flipped[77] = (flipped[77] ?? 0) ^ 4
  let isAsked = false
  await liar.provide({
    ...honest,
    leaf: (index) => {
      isAsked = true
      return index === 2 ? flipped : honest.leaf(index)
    },
  })
  expect(await fetchAsset(venue, cid)).toMatchObject({ bytes: bytes.length, from: ['nas/nas'] })
  expect(isAsked).toBe(true)
  expect(Buffer.compare(await readFile(join(venue.folder, 'assets', cid)), bytes)).toBe(0)
})

test.for([
  ['a flipped bit', (leaf: Uint8Array) => leaf.map((byte, i) => (i === 9 ? byte ^ 1 : byte)), 'leaf 1'],
  ['a leaf cut short', (leaf: Uint8Array) => leaf.subarray(0, -1), 'leaf 1'],
  ['a leaf with more behind it', (leaf: Uint8Array) => Buffer.concat([leaf, leaf]), 'leaf 1'],
  ['an empty leaf', () => new Uint8Array(), 'leaf 1'],
  ['no more leaves', () => null, 'stream'],
] as const)('with nobody else to ask, %s is a clear error and nothing is kept', async ([, spoil, why]) => {
  const bytes = new Uint8Array(randomBytes(LEAF_BYTES * 2))
  const honest = truth(bytes)
  const cid = cidOfBytes(bytes)
  await liar.provide({
    ...honest,
    leaf: (index) => {
      const leaf = honest.leaf(index)
      return index === 1 && leaf !== null ? spoil(leaf) : leaf
    },
  })
  await liar.connect(venue)
  const error = await fetchError(venue, cid)
  expect(error.code).toBe(why === 'stream' ? 'asset-unknown' : 'asset-corrupt')
  expect(error.message).toContain('liar/liar')
  expect(error.message).toContain('nas/nas: does not have it')
  expect(error.message).toContain(why)
  expect(await readdir(join(venue.folder, 'assets'))).not.toContain(cid)
})

test('leaf hashes that are not those of the CID are refused before any leaf is asked for', async () => {
  const cid = cidOfBytes(new Uint8Array(randomBytes(LEAF_BYTES * 2)))
  let leaves = 0
  await liar.provide({
    ...truth(new Uint8Array(randomBytes(LEAF_BYTES * 2))),
    leaf: () => {
      leaves += 1
      return null
    },
  })
  await liar.connect(venue)
  expect(await fetchError(venue, cid)).toMatchObject({ code: 'asset-corrupt' })
  expect(leaves).toBe(0)
})

test('a file that rots on its holder is taken by nobody, and a whole one again', async () => {
  await liar.peer.libp2p.unhandle('/coopmesh/assets/1')
  const { cid, bytes } = await addBytes(nas, 'rotting', LEAF_BYTES * 2)
  await untilListed(venue, cid)
  await flipBit(join(nas.folder, 'assets', cid), LEAF_BYTES + 3)
  const good = await nas.request(`/assets/${cid}`, { headers: { range: 'bytes=0-9' } })
  expect(Buffer.compare(await good.bytes(), bytes.subarray(0, 10))).toBe(0)
  const bad = nas.request(`/assets/${cid}`, { headers: { range: `bytes=${LEAF_BYTES}-` } })
  await expect(bad.then((response) => response.bytes())).rejects.toThrow()
  const error = await fetchError(venue, cid)
  expect(error.message).toContain('nas/nas')
  // Its holder noticed and no longer claims to have it; the same file added again is whole.
  expect(await add(nas, bench.file('rotting'))).toBe(cid)
  expect(await fetchAsset(venue, cid)).toMatchObject({ bytes: bytes.length, from: ['nas/nas'] })
})

test('an unknown CID ends within a bounded time and names who was asked', async () => {
  const error = await fetchError(venue, cidOfBytes(new Uint8Array(randomBytes(10))))
  expect(error.code).toBe('asset-unknown')
  expect(error.message).toContain('nas/nas: does not have it')
})

test('an asset taken off the list is gone from every list, and stays where it was fetched', async () => {
  const { cid } = await addBytes(nas, 'passing', 1_000)
  await untilListed(venue, cid)
  await fetchAsset(venue, cid)
  const { assets } = (await nas.api('GET', '/v1/assets')) as { assets: { cid: string; listing: string }[] }
  const listing = assets.find((it) => it.cid === cid)?.listing
  await nas.api('POST', '/v1/listings/unlist', { listing })
  await until('it is gone from the list', async () => {
    const view = (await venue.api('GET', '/v1/assets')) as { assets: { cid: string }[] }
    return !view.assets.some((it) => it.cid === cid)
  })
  expect((await venue.request(`/assets/${cid}`)).status).toBe(200)
})

function cidOfBytes(bytes: Uint8Array): string {
  const { sha256 } = nodeCrypto()
  return fileCid(bytes.length, truth(bytes).leafHashes, sha256).cid.toString()
}

function holdOf(cid: string): Uint8Array {
  return encodeCatalogueEntries([{ t: 'hold', cid: CID.parse(cid).bytes }])
}
