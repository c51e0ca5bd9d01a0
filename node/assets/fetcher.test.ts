import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LEAF_BYTES, directoryNodes, fileCid } from '#protocol/asset'
import { nodeCrypto } from '#node/crypto'
import { CoopError } from '#node/errors'
import { Store } from '#node/store'
import { AssetStore } from './asset-store.ts'
import type { AssetStat, Provider } from './exchange.ts'
import { Fetcher } from './fetcher.ts'

const { sha256 } = nodeCrypto()
const BYTES = new Uint8Array(randomBytes(5 * LEAF_BYTES + 1_000))
const LEAVES = Array.from({ length: 6 }, (_, i) => BYTES.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES))
const HASHES = new Uint8Array(Buffer.concat(LEAVES.map((leaf) => createHash('sha256').update(leaf).digest())))
const FILE = fileCid(BYTES.length, HASHES, sha256)
const NEVER = new AbortController().signal
let folder: string
let store: Store
let assets: AssetStore
let stats: Map<string, AssetStat>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-fetcher-'))
  store = await Store.open(join(folder, 'store'))
  for (const name of ['assets', 'partial']) await mkdir(join(folder, name))
  const paths = { assetsPath: join(folder, 'assets'), partialPath: join(folder, 'partial') }
  assets = new AssetStore({ store, ...paths, sha256 })
  stats = new Map([[FILE.cid.toString(), { kind: 'file', sizeBytes: BYTES.length, leafHashes: HASHES }]])
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

/** A device that has the file and two directories, and gives a leaf every few milliseconds. */
class SlowHolder {
  readonly device = 'aa'
  readonly #asked: number[] = []

  async stat(cid: string): Promise<AssetStat> {
    await sleep(1)
    return stats.get(cid) ?? { kind: 'none' }
  }

  async request(_cid: string, from: number, to: number): Promise<void> {
    await sleep(1)
    for (let index = from; index < to; index += 1) this.#asked.push(index)
  }

  async nextLeaf(): Promise<Uint8Array> {
    await sleep(10)
    return LEAVES[this.#asked.shift() ?? -1] ?? new Uint8Array()
  }

  close(): void {}
}

function fetcher(): Fetcher {
  const source = {
    async *candidates(): AsyncGenerator<string> {
      yield 'aa'
    },
    connect: async (): Promise<Provider> => new SlowHolder() as Pick<Provider, keyof Provider> as Provider,
    nameOf: (device: string) => device,
  }
  return new Fetcher({ assets, source, sha256, log: pino({ level: 'silent' }) })
}

/** A directory that holds the file under `name`. */
function directory(name: string): string {
  const made = directoryNodes([{ name, cid: FILE.cid, tsizeBytes: FILE.tsizeBytes }], sha256)
  if (!made.ok) throw new Error(made.refusal)
  for (const { cid, bytes } of made.blocks) stats.set(cid.toString(), { kind: 'node', block: bytes })
  return made.cid.toString()
}

test('two trees that share a file are fetched at once, and its bytes are written once', async () => {
  const both = fetcher()
  const cids = [directory('a'), directory('b'), FILE.cid.toString()]
  const results = await Promise.all(cids.map((cid) => both.fetch(cid, () => null, NEVER)))
  expect(results.reduce((sum, it) => sum + it.fetchedBytes, 0)).toBe(BYTES.length)
  expect(Buffer.compare(await readFile(assets.pathOf(FILE.cid.toString())), BYTES)).toBe(0)
})

test('a fetch goes on for the second who asked when the first goes away', async () => {
  const one = fetcher()
  const first = new AbortController()
  const gone = one.fetch(FILE.cid.toString(), () => first.abort(), first.signal)
  const stays = one.fetch(FILE.cid.toString(), () => null, NEVER)
  await expect(gone).rejects.toBeInstanceOf(CoopError)
  expect((await stays).bytes).toBe(BYTES.length)
})

test('a file whose bytes were removed from the disk is fetched again', async () => {
  await fetcher().fetch(FILE.cid.toString(), () => null, NEVER)
  await rm(assets.pathOf(FILE.cid.toString()))
  const again = await fetcher().fetch(FILE.cid.toString(), () => null, NEVER)
  expect(again.fetchedBytes).toBe(BYTES.length)
})
