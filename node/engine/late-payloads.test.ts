import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { payloadOf, withoutPayloads } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { toHex } from '#protocol/encoding'
import type { Signer } from '#protocol/identity'
import { nodeCrypto } from '#node/crypto'
import { Store, orderKey } from '#node/store'
import { BoardPage } from '../../test/actors/board-page.ts'
import { listSection, must, stateHashes, testCoop } from '../../test/actors/coop-actors.ts'
import type { TestCoop } from '../../test/actors/coop-actors.ts'
import { recordsOf } from '../../test/actors/pen.ts'
import { flipBit, rotValue, storedKeys } from '../../test/actors/rotten-value.ts'
import { Engine } from './engine.ts'

const WALL = 'board/wall'
const crypto = nodeCrypto()
const log = pino({ level: 'silent' })
let folder: string
let path: string
let source: TestCoop
let signer: Signer
/** What a peer has: admissions, three edits of a board and two listings. */
let records: CommitRecord[]
/** Those with an edit. */
let walls: CommitRecord[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-late-'))
  path = join(folder, 'store')
  source = testCoop(41)
  signer = source.admit('member').signer
  const page = new BoardPage(source.founder, WALL)
  for (let i = 0; i < 3; i += 1)
    must(page.edit((doc) => doc.getText('text').insert(0, `edit ${i} `)) ?? { ok: false })
  for (const name of ['bread', 'soup']) must(source.founder.author([listSection(name, crypto.sha256)]))
  records = recordsOf(source.founder)
  walls = records.filter((it) => it.header.sections[0]?.document === WALL)
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

async function opened<T>(work: (engine: Engine, store: Store) => Promise<T>): Promise<T> {
  const store = await Store.open(path)
  const engine = await Engine.open({ store, crypto, signer, coop: source.coop, log, cached: () => null })
  try {
    return await work(engine, store)
  } finally {
    await engine.close()
    await store.close()
  }
}

const bare = (record: CommitRecord): CommitRecord => withoutPayloads(record, (it) => it === WALL)

/** Takes headers alone of the board, each commit in a block of its own. */
async function takeBare(engine: Engine): Promise<void> {
  for (const record of records) {
    engine.ingest([bare(record)])
    await engine.durable()
  }
}

async function fill(engine: Engine, list = walls): ReturnType<Engine['takePayloads']> {
  const { history } = engine.replica
  const payloads = list.map((it) => ({
    order: history.find(it.id),
    payload: payloadOf(it, WALL) ?? new Uint8Array(),
  }))
  const outcome = await engine.takePayloads({ document: WALL, payloads })
  await engine.durable()
  return outcome
}

const missingOf = ({ replica }: Engine): number => replica.documentLog(WALL)?.missingCount ?? 0
const orderOf = ({ replica }: Engine, at: number): number =>
  replica.history.find(walls[at]?.id ?? new Uint8Array(32))

async function stateOf(engine: Engine): Promise<string> {
  return toHex((await engine.open(WALL))?.stateHash() ?? new Uint8Array())
}

const wallState = (): string => stateHashes(source.founder.replica)[WALL] ?? ''

test('headers alone are kept, the document says what is missing, and the log is whole all the same', async () => {
  await opened(async (engine) => {
    await takeBare(engine)
    const failure = { code: 'document-incomplete', message: `3 of 3 changes of '${WALL}' are not here yet` }
    await expect(engine.open(WALL)).rejects.toMatchObject(failure)
    await expect(engine.summary(WALL)).rejects.toMatchObject(failure)
    const section = { document: WALL, entries: 1, payload: new Uint8Array() }
    await expect(engine.append([section])).rejects.toMatchObject(failure)
    expect(await engine.open('catalogue')).not.toBe(null)
    expect(toHex(engine.replica.heads.root())).toBe(toHex(source.founder.replica.heads.root()))
  })
  await opened(async (engine) => {
    expect([missingOf(engine), engine.damaged]).toEqual([3, []])
    await engine.append([listSection('cake', crypto.sha256)])
  })
  // Also from the commits, without their index.
  for (const key of await storedKeys(path, 'i/')) await rotValue(path, key, () => null)
  await opened(async (engine) => expect([missingOf(engine), engine.damaged]).toEqual([3, []]))
})

test('payloads that come later are on the disk and are served like all others', async () => {
  await opened(async (engine) => {
    await takeBare(engine)
    let told = 0
    engine.on('holes', () => (told += 1))
    expect(await fill(engine)).toEqual({ ok: true })
    expect([missingOf(engine), told]).toEqual([0, 1])
    expect(await stateOf(engine)).toBe(wallState())
    await engine.keepSummaries()
  })
  for (const isIndexLost of [false, true]) {
    if (isIndexLost) for (const key of await storedKeys(path, 'i/')) await rotValue(path, key, () => null)
    await opened(async (engine, store) => {
      expect([missingOf(engine), engine.damaged]).toEqual([0, []])
      const read = await engine.read(walls.map((_, at) => orderOf(engine, at)))
      expect(read.map((it) => toHex(it.bytes))).toEqual(walls.map((it) => toHex(it.bytes)))
      expect(await stateOf(engine)).toBe(wallState())
      expect(store.findings.all().filter((it) => it.code !== 'log-index')).toEqual([])
    })
  }
})

test('payload-hash, payload-length: other bytes than the header names change nothing', async () => {
  await opened(async (engine) => {
    await takeBare(engine)
    const [first] = walls as [CommitRecord]
    const payload = payloadOf(first, WALL) ?? new Uint8Array()
    const sent = (bytes: Uint8Array) => ({
      document: WALL,
      payloads: [{ order: orderOf(engine, 0), payload: bytes }],
    })
    expect(await engine.takePayloads(sent(flipBit(payload.slice())))).toEqual({
      ok: false,
      refusal: 'payload-hash',
    })
    expect(await engine.takePayloads(sent(payload.slice(1)))).toEqual({
      ok: false,
      refusal: 'payload-length',
    })
    expect(missingOf(engine)).toBe(3)
  })
  expect(await storedKeys(path, 'l/')).toEqual([])
})

test('a late payload that decays is missing again, named, and asked for once more', async () => {
  await opened(async (engine) => {
    await takeBare(engine)
    await fill(engine)
  })
  const [key = ''] = await storedKeys(path, 'l/')
  await rotValue(path, key, flipBit)
  await opened(async (engine, store) => {
    await expect(engine.open(WALL)).rejects.toMatchObject({ code: 'document-incomplete' })
    expect(missingOf(engine)).toBe(1)
    expect(engine.replica.documents.holes.wanted().map((it) => it.id)).toEqual([WALL])
    expect(store.findings.all().map((it) => `${it.code} ${it.where} ${it.severity}`)).toEqual([
      `store-value ${key} pending`,
    ])
    await fill(engine)
    expect(await stateOf(engine)).toBe(wallState())
    expect(store.findings.all().map((it) => it.severity)).toEqual(['repaired'])
  })
})

test('a damaged commit that comes back as a header alone is whole, and its payload is asked for', async () => {
  await opened(async (engine) => {
    for (const record of records) {
      engine.ingest([record])
      await engine.durable()
    }
  })
  const order = records.findIndex((it) => it === walls[1])
  await rotValue(path, orderKey('c', order), flipBit)
  await opened(async (engine) => {
    await engine.read([order])
    expect(engine.damaged).toEqual([order])
    const listed = records.findIndex((it) => it.header.sections[0]?.document === 'catalogue')
    // What must travel whole is not mended by half.
    engine.noteDamaged(listed)
    engine.ingest([withoutPayloads(records[listed] as CommitRecord, () => true)])
    engine.ingest([bare(records[order] as CommitRecord)])
    await engine.durable()
    expect([engine.damaged, missingOf(engine)]).toEqual([[listed], 1])
    engine.ingest([records[listed] as CommitRecord])
    await fill(engine)
    expect(await stateOf(engine)).toBe(wallState())
  })
})

test('late payloads find their commits again after these lost their places in the log', async () => {
  await opened(async (engine) => {
    await takeBare(engine)
    await fill(engine)
  })
  for (const prefix of ['c', 'i'] as const) await rotValue(path, orderKey(prefix, 1), () => null)
  await opened(async (engine) => {
    expect(engine.replica.logLength).toBe(1)
    engine.ingest(records.slice(1, 2))
    await engine.durable()
  })
  await opened(async (engine) => {
    expect([engine.replica.logLength, missingOf(engine)]).toEqual([records.length, 0])
    expect(await stateOf(engine)).toBe(wallState())
  })
})

test('a write that fails while payloads come leaves them missing, and they can come again', async () => {
  await opened(async (engine, store) => {
    await takeBare(engine)
    const write = store.write.bind(store)
    const full = Object.assign(new Error('disk full'), { code: 'ENOSPC' })
    store.write = async () => Promise.reject(full)
    await expect(fill(engine)).rejects.toMatchObject({ code: 'disk-full' })
    store.write = write
    await new Promise<void>((resolve) => engine.once('reset', () => resolve()))
    expect(missingOf(engine)).toBe(3)
    await fill(engine)
    expect(await stateOf(engine)).toBe(wallState())
  })
})

test('what is declined is not stored, closed at once, and the list outlives the process', async () => {
  await opened(async (engine) => {
    for (const record of records.slice(0, -1)) engine.ingest([record])
    await engine.durable()
    await engine.open(WALL)
    const rebuilt: string[] = []
    engine.on('rebuilt', (documents) => rebuilt.push(...documents))
    await engine.decline([WALL])
    await expect.poll(() => rebuilt).toEqual([WALL])
    await expect(engine.open(WALL)).rejects.toMatchObject({ code: 'document-declined' })
    const page = new BoardPage(source.founder, WALL)
    must(page.edit((doc) => doc.getText('text').insert(0, 'more ')) ?? { ok: false })
    records = recordsOf(source.founder)
    engine.ingest(records.slice(-2))
    await engine.durable()
    expect(missingOf(engine)).toBe(1)
    expect(engine.replica.documents.holes.wanted()).toEqual([])
  })
  await opened(async (engine) => {
    expect([engine.declined, missingOf(engine)]).toEqual([[WALL], 1])
    const [last] = await engine.read([records.length - 1])
    expect(last?.payloads).toEqual([null])
    await engine.decline([])
    expect(engine.replica.documents.holes.wanted().map((it) => it.id)).toEqual([WALL])
    walls = records.slice(-1)
    await fill(engine)
    expect(await stateOf(engine)).toBe(wallState())
  })
  await opened(async (engine) => expect([engine.declined, missingOf(engine)]).toEqual([[], 0]))
})
