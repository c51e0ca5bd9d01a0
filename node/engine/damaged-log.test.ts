import { randomBytes } from 'node:crypto'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BoardState } from '#protocol/board'
import { decodeRecords, encodeRecord } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { foundCoop } from '#protocol/coop'
import { equalBytes, toHex } from '#protocol/encoding'
import type { Signer } from '#protocol/identity'
import { BoardWriter, openBoard } from '#node/boards'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { CommitLog, LogBatch } from '#node/log'
import { Store, orderKey } from '#node/store'
import { listSection, must } from '../../test/actors/coop-actors.ts'
import { flipBit, rotValue } from '../../test/actors/rotten-value.ts'
import { UnreadableCommit } from './document-fold.ts'
import { Engine } from './engine.ts'
import type { WriteGate } from './write-gate.ts'

const crypto = nodeCrypto()
const { sha256 } = crypto
const log = pino({ level: 'silent' })
let folder: string
let path: string
let signer: Signer
let coop: Uint8Array
/** Every commit that was written: what other devices hold. */
let held: CommitRecord[]
/** Calls of the gate. */
let foundElsewhere: number

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-rot-'))
  path = join(folder, 'store')
  signer = nodeSigner(new Uint8Array(randomBytes(32)))
  foundElsewhere = 0
  const kit = nodeSigner(new Uint8Array(randomBytes(32)))
  const names = { name: 'North Market', memberName: 'Ada', deviceName: 'nas' }
  const nonce = new Uint8Array(randomBytes(16))
  const founding = must(foundCoop({ ...names, kit, device: signer, nonce, nowMs: Date.now() }, crypto))
  coop = founding.coop
  held = founding.stored.map((it) => it.record)
  const store = await Store.open(path)
  await store.write(
    new CommitLog({ store, sha256, log }, founding.replica).append(new LogBatch(founding.stored)),
  )
  await store.close()
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

async function opened<T>(work: (engine: Engine, store: Store) => Promise<T>): Promise<T> {
  const store = await Store.open(path)
  const gate: WriteGate = {
    refusal: null,
    suspension: null,
    wait: async () => undefined,
    foundElsewhere: () => void (foundElsewhere += 1),
  }
  const engine = await Engine.open({ store, crypto, signer, coop, log, cached: () => null, gate })
  engine.on('durable', ({ batch }) => {
    const decoded = decodeRecords(batch.records, sha256)
    if (!decoded.ok) throw new Error(decoded.refusal)
    const isNew = (record: CommitRecord): boolean => !held.some((it) => equalBytes(it.id, record.id))
    held.push(...decoded.records.filter(isNew))
  })
  try {
    return await work(engine, store)
  } finally {
    await engine.close()
    await store.close()
  }
}

/** Writes so many commits, each in a block of its own; the first of them on a board. */
async function write(count: number): Promise<void> {
  await opened(async (engine) => {
    await new BoardWriter(engine, await openBoard(engine, 'prices'), await engine.admission()).set(
      'price',
      'twelve',
    )
    for (let i = 1; i < count; i += 1)
      await engine.append([listSection(`item ${engine.replica.logLength}`, sha256)])
    await engine.keepSummaries()
  })
}

async function states(engine: Engine): Promise<Record<string, string>> {
  const found: Record<string, string> = { heads: toHex(engine.replica.heads.root()) }
  for (const id of engine.replica.documentIds()) found[id] = toHex((await engine.summary(id)).stateHash)
  return found
}

const findingsOf = (store: Store): string[] => store.findings.all().map((it) => `${it.code} ${it.severity}`)

test('a document that needs a damaged commit says so, the others work, and it is whole once a peer sent the commit', async () => {
  await write(4)
  const before = await opened(async (engine) => states(engine))
  await rotValue(path, orderKey('c', 1), flipBit)
  await opened(async (engine, store) => {
    let told = 0
    engine.on('damaged', () => (told += 1))
    const failure = await engine.open('board/prices').catch((cause: unknown) => cause)
    expect(failure).toBeInstanceOf(UnreadableCommit)
    expect(failure).toMatchObject({ code: 'data-damaged', document: 'board/prices', order: 1 })
    expect(await engine.open('catalogue')).not.toBeNull()
    expect([engine.damaged, told]).toEqual([[1], 1])
    const [want, ...more] = engine.repairWants(10)
    expect([toHex(want?.to ?? signer.publicKey), more]).toEqual([toHex(held[1]?.id ?? signer.publicKey), []])
    engine.ingest(held.slice(1, 2))
    await engine.durable()
    expect([engine.damaged, told]).toEqual([[], 2])
    const board = await engine.open('board/prices')
    expect(board instanceof BoardState ? { ...board.view().fields } : null).toEqual({ price: 'twelve' })
    expect(findingsOf(store)).toEqual(['log-commit repaired'])
  })
  expect(await opened(async (engine, store) => [await states(engine), findingsOf(store)])).toEqual([
    before,
    [],
  ])
})

test('commits that follow each other are asked for in one range', async () => {
  await write(6)
  for (const order of [2, 3, 5]) await rotValue(path, orderKey('c', order), flipBit)
  await opened(async (engine) => {
    for (const order of [2, 3, 5]) await engine.read([order])
    const wants = engine.repairWants(10).map(({ to, have }) => [to, ...have].map(toHex))
    const id = (order: number): string => toHex(held[order]?.id ?? signer.publicKey)
    expect(wants).toEqual([
      [id(3), id(1)],
      [id(5), id(4)],
    ])
    expect(engine.repairWants(1)).toHaveLength(1)
  })
})

test('a damaged commit is not replaced by one with another signature', async () => {
  await write(3)
  await rotValue(path, orderKey('c', 2), flipBit)
  await opened(async (engine) => {
    await engine.read([2])
    const record = held[2]
    if (record === undefined) throw new Error('three were written')
    const signature = new Uint8Array(64).fill(7)
    const bytes = encodeRecord(record.headerBytes, signature, record.payloads)
    engine.ingest([{ ...record, signature, bytes }])
    await engine.durable()
    expect(engine.damaged).toEqual([2])
    engine.ingest([record])
    await engine.durable()
    expect(engine.damaged).toEqual([])
  })
})

test('a whole commit in the place of another is not believed', async () => {
  await write(4)
  await opened(async (_, store) => {
    const other = await store.get(orderKey('c', 3))
    const swapped = new Uint8Array(other ?? [])
    new DataView(swapped.buffer).setUint32(4, 2)
    await store.write([{ type: 'put', key: orderKey('c', 2), value: swapped }])
  })
  await opened(async (engine) => {
    expect(await engine.read([2, 3])).toEqual([])
    expect(engine.damaged).toEqual([2])
    await expect(engine.open('catalogue')).rejects.toThrow(UnreadableCommit)
  })
})

test('a commit that is on its way to the disk is read when it is there, and not taken for damaged', async () => {
  await write(2)
  await opened(async (engine, store) => {
    const writes = Array.from({ length: 20 }, async (_, i) =>
      engine.append([listSection(`more ${i}`, sha256)]),
    )
    await Promise.race(writes.map(async (it) => it.catch(() => null)))
    const orders = Array.from({ length: engine.replica.logLength }, (_, order) => order)
    const read = await engine.read(orders.slice(-1))
    expect(read.length).toBe(1)
    await Promise.all(writes)
    expect([engine.damaged, findingsOf(store)]).toEqual([[], []])
  })
})

test('a lost authority commit keeps nothing from starting, and all is as before once a peer sent it', async () => {
  await write(5)
  const before = await opened(async (engine) => states(engine))
  await rotValue(path, orderKey('c', 0), flipBit)
  await opened(async (engine, store) => {
    expect(engine.replica.logLength).toBe(0)
    expect(engine.hasLoose).toBe(true)
    expect(findingsOf(store)).toContain('log-hole pending')
    const refused = engine.append([listSection('no', sha256)])
    await expect(refused).rejects.toMatchObject({ code: 'chain-incomplete' })
    engine.ingest(held.slice(0, 1))
    await engine.durable()
    await expect.poll(() => engine.hasLoose, { timeout: 5_000 }).toBe(false)
    expect(await states(engine)).toEqual(before)
    expect(foundElsewhere).toBe(0)
    expect(new Set(findingsOf(store).map((it) => it.split(' ')[1]))).toEqual(new Set(['repaired']))
    await engine.append([listSection('yes', sha256)])
  })
  expect(await opened(async (_, store) => findingsOf(store))).toEqual([])
})

test('what was set aside is taken in at the next opening as well', async () => {
  await write(5)
  for (const prefix of ['c', 'i'] as const) await rotValue(path, orderKey(prefix, 2), () => null)
  await opened(async (engine) => {
    expect(engine.replica.logLength).toBe(2)
    engine.ingest(held.slice(2, 3))
    await engine.durable()
  })
  await opened(async (engine) => {
    expect([engine.replica.logLength, engine.hasLoose]).toEqual([6, false])
  })
})

/** Loses the last commits of the log, as LevelDB does with a damaged tail of its own log; the mark beside it stays. */
async function loseTail(length: number): Promise<void> {
  for (let order = length; order < held.length; order += 1)
    for (const prefix of ['c', 'i'] as const) await rotValue(path, orderKey(prefix, order), () => null)
}

test('a log that lost its end is noticed; the device writes nothing until its own commits are back', async () => {
  await write(6)
  const before = await opened(async (engine) => states(engine))
  await loseTail(4)
  await opened(async (engine, store) => {
    expect([engine.replica.logLength, engine.missingCount, engine.isOwnChainIncomplete]).toEqual([4, 3, true])
    expect(findingsOf(store)).toEqual(['log-short pending', 'own-chain pending'])
    await expect(engine.append([listSection('no', sha256)])).rejects.toMatchObject({
      code: 'chain-incomplete',
    })
    engine.ingest(held.slice(4, 6))
    await engine.durable()
    expect(engine.isOwnChainIncomplete).toBe(true)
  })
  await opened(async (engine, store) => {
    expect([engine.missingCount, engine.isOwnChainIncomplete]).toEqual([1, true])
    engine.ingest(held.slice(6))
    await engine.durable()
    expect([engine.missingCount, engine.isOwnChainIncomplete, foundElsewhere]).toEqual([0, false, 0])
    expect(findingsOf(store)).toEqual(['log-short repaired', 'own-chain repaired'])
    expect(await states(engine)).toEqual(before)
    await engine.append([listSection('again', sha256)])
  })
  expect(await opened(async (_, store) => findingsOf(store))).toEqual([])
})

test('own commits beyond those that the disk lost are a second history', async () => {
  await write(4)
  await cp(folder, `${folder}-twin`, { recursive: true })
  await opened(async (engine) => engine.append([listSection('elsewhere', sha256)]))
  await rm(folder, { recursive: true })
  await cp(`${folder}-twin`, folder, { recursive: true })
  await rm(`${folder}-twin`, { recursive: true })
  const own = held.splice(5)
  await loseTail(3)
  await opened(async (engine) => {
    engine.ingest(held.slice(3))
    await engine.durable()
    expect([engine.isOwnChainIncomplete, foundElsewhere]).toEqual([false, 0])
    engine.ingest(own)
    expect(foundElsewhere).toBe(1)
  })
})

test('what no connected peer has is given up as lost, own commits are not', async () => {
  await write(5)
  await loseTail(4)
  await opened(async (engine, store) => {
    engine.noteSynced()
    expect(findingsOf(store)).toEqual(['log-short lost', 'own-chain pending'])
    expect([engine.missingCount, engine.isOwnChainIncomplete]).toEqual([2, true])
  })
  await opened(async (engine, store) => {
    expect(findingsOf(store)).toEqual(['own-chain pending'])
    engine.ingest(held.slice(4))
    await engine.durable()
    expect([engine.missingCount, engine.isOwnChainIncomplete]).toEqual([0, false])
  })
})

test('no summary of a log that lost commits is believed, though as many others came since', async () => {
  await write(4)
  await opened(async (engine) => {
    await engine.open('catalogue')
    await engine.keepSummaries()
  })
  const before = await opened(async (engine) => states(engine))
  await loseTail(4)
  const lost = held.splice(4)
  await opened(async (engine) => {
    // Nobody has it; the device goes on under a new key, and somebody writes another commit.
    expect(engine.isOwnChainIncomplete).toBe(true)
  })
  signer = nodeSigner(new Uint8Array(randomBytes(32)))
  await opened(async (engine) => {
    expect(engine.isOwnChainIncomplete).toBe(false)
    const { stateHash, commits } = await engine.summary('catalogue')
    expect(toHex(stateHash)).not.toBe(before['catalogue'])
    expect(commits).toBe(2)
  })
  expect(lost).toHaveLength(1)
})
