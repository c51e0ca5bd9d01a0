import { randomBytes } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeCrypto } from '#node/crypto'
import { storedRecords } from '#node/log'
import { Store } from '#node/store'
import { toHex } from '#protocol/encoding'
import { untilEqual } from '../actors/node-process.ts'
import type { NodeProcess } from '../actors/node-process.ts'
import { DEADLINE_MS, until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

/** Calls under way at once, so that batches and acknowledgements overlap with the kill. */
const WRITERS = 8

let bench: Workbench
let nas: NodeProcess
let venue: NodeProcess
const acknowledged = new Set<string>()

beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas')
  venue = await bench.join('venue', nas)
})
afterAll(() => bench.close())

/** Appends to a list until the node is gone; notes what was acknowledged. */
async function writeUntilGone(round: number, writer: number): Promise<void> {
  for (let i = 0; ; i += 1) {
    const value = `${round}/${writer}/${i}`
    try {
      await nas.api('POST', `/v1/boards/orders/lists/writer-${writer}`, { value })
      acknowledged.add(value)
    } catch {
      return
    }
  }
}

/** Every line of the list on the board of a node. */
async function linesOf(node: NodeProcess): Promise<Set<string>> {
  const board = (await node.api('GET', '/v1/boards/orders')) as { lists: Record<string, string[]> }
  return new Set(Object.values(board.lists).flat())
}

async function restart(): Promise<void> {
  const port = await nas.port()
  await nas.kill9()
  nas = await bench.start('nas', { args: ['--port', port] })
}

test.for([1, 2, 3, 4])(
  'a kill -9 in a burst of writes loses nothing acknowledged (round %i)',
  async (round) => {
    const before = acknowledged.size
    const writers = Array.from({ length: WRITERS }, (_, writer) => writeUntilGone(round, writer))
    await until('writes are acknowledged', () => acknowledged.size > before + round * 11)
    const port = await nas.port()
    await nas.kill9()
    await Promise.all(writers)
    nas = await bench.start('nas', { args: ['--port', port] })
    const lines = await linesOf(nas)
    expect([...acknowledged].filter((value) => !lines.has(value))).toEqual([])
    await nas.api('POST', '/v1/boards/orders/lists/after', { value: `after ${round}` })
    await untilEqual(nas, venue)
    expect(await linesOf(venue)).toEqual(await linesOf(nas))
  },
)

test('an asset whose adding was acknowledged is there after a kill -9', async () => {
  await writeFile(bench.file('asset'), randomBytes(3_000_000))
  const added = (await nas.api('POST', '/v1/assets/add', { paths: [bench.file('asset')] })) as {
    assets: { cid: string }[]
  }
  await restart()
  const cid = added.assets[0]?.cid ?? ''
  expect((await nas.request(`/assets/${cid}`)).status).toBe(200)
  const { assets } = (await nas.api('GET', '/v1/assets')) as { assets: { cid: string; isHeld: boolean }[] }
  expect(assets.find((it) => it.cid === cid)).toMatchObject({ isHeld: true })
})

test('a kill -9 while a file is added leaves no half asset and no listing', async () => {
  await writeFile(bench.file('big'), Buffer.alloc(200_000_000, 7))
  const before = await readdir(join(nas.folder, 'assets'))
  const adding = nas.api('POST', '/v1/assets/add', { paths: [bench.file('big')] }).then(
    () => 'added',
    () => 'cut',
  )
  const isBegun = async (): Promise<boolean> => (await readdir(join(nas.folder, 'partial'))).length > 0
  await until('it is being written', isBegun, DEADLINE_MS, 1)
  await restart()
  expect(await adding).toBe('cut')
  expect(await readdir(join(nas.folder, 'assets'))).toEqual(before)
  const { assets } = (await nas.api('GET', '/v1/assets')) as { assets: { name: string }[] }
  expect(assets.map((it) => it.name)).not.toContain('big')
  await expect(readdir(join(nas.folder, 'partial'))).resolves.toEqual([])
})

test('no chain was forked: peers report none and every chain on the disk is unbroken', async () => {
  await untilEqual(nas, venue)
  expect(nas.log + venue.log).not.toMatch(/fork/i)
  await Promise.all([nas.stop(), venue.stop()])
  for (const node of [nas, venue]) {
    const store = await Store.open(join(node.folder, 'store'))
    const heads = new Map<string, { seq: number; id: string }>()
    for await (const { record } of storedRecords(store, nodeCrypto().sha256)) {
      const { header, id } = record
      const author = toHex(header.device)
      const head = heads.get(author) ?? { seq: -1, id: '' }
      expect(header.seq).toBe(head.seq + 1)
      expect(header.prev === null ? '' : toHex(header.prev)).toBe(head.id)
      heads.set(author, { seq: header.seq, id: toHex(id) })
    }
    expect(store.findings.all()).toEqual([])
    await store.close()
    expect(heads.size).toBeGreaterThan(0)
  }
})
