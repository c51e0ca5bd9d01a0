import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CATALOGUE, encodeCatalogueEntries } from '#protocol/catalogue'
import { decodeRecord } from '#protocol/commit'
import type { CommitRecord, Section } from '#protocol/commit'
import { foundCoop } from '#protocol/coop'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { CoopError } from '#node/errors'
import { CommitLog, LogBatch } from '#node/log'
import { Store } from '#node/store'
import { must, testCoop } from '../../test/actors/coop-actors.ts'
import { Engine } from './engine.ts'
import type { Suspension } from './suspension.ts'
import type { WriteGate } from './write-gate.ts'

const crypto = nodeCrypto()
const { sha256 } = crypto
const log = pino({ level: 'silent' })
const device = nodeSigner(new Uint8Array(randomBytes(32)))
const founding = foundCoop(
  {
    ...{ name: 'North Market', memberName: 'Ada', deviceName: 'nas', nonce: new Uint8Array(16), nowMs: 1 },
    ...{ kit: nodeSigner(new Uint8Array(randomBytes(32))), device },
  },
  crypto,
)
const closers: (() => Promise<void>)[] = []
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-gate-'))
})
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
  await rm(folder, { recursive: true, force: true })
})

/** The founding device on a folder of its own; two of them are two copies of one folder. */
async function openCopy(name: string, gate?: WriteGate): Promise<{ engine: Engine; store: Store }> {
  if (!founding.ok) throw new Error(founding.refusal)
  const store = await Store.open(join(folder, name))
  await store.write(
    new CommitLog({ store, sha256, log }, founding.replica).append(new LogBatch(founding.stored)),
  )
  const { coop } = founding
  const parts = { store, crypto, signer: device, coop, log, cached: () => null }
  const engine = await Engine.open(gate === undefined ? parts : { ...parts, gate })
  closers.push(async () => {
    await engine.close()
    await store.close()
  })
  return { engine, store }
}

/** A gate that a test opens and shuts, and that notes what happened. */
class TestGate implements WriteGate {
  refusal: CoopError | null = null
  suspension: Suspension | null = null
  waiting: PromiseWithResolvers<void> | null = null
  found = 0
  onFound: () => void = () => null

  async wait(): Promise<void> {
    await this.waiting?.promise
  }

  foundElsewhere(): void {
    this.found += 1
    this.onFound()
  }
}

function listing(name: string): Section {
  const cid = Uint8Array.of(1, 0x55, 0x12, 0x20, ...sha256(new TextEncoder().encode(name)))
  const payload = encodeCatalogueEntries([{ t: 'list', cid, name, sizeBytes: 1, kind: 'file' }])
  return { document: CATALOGUE, entries: 1, payload }
}

async function write(engine: Engine, name: string): Promise<CommitRecord> {
  return engine.append([listing(name)])
}

test('a shut gate refuses every local write by its own error, and lets commits of peers in', async () => {
  const gate = new TestGate()
  const { engine } = await openCopy('one', gate)
  const { engine: other } = await openCopy('two')
  gate.refusal = new CoopError('key-superseded', 'used elsewhere', 'Get a new key.')
  await expect(write(engine, 'a')).rejects.toBe(gate.refusal)
  expect(engine.writeRefusal).toBe(gate.refusal)
  expect(engine.ingest([await write(other, 'b')]).stored).toHaveLength(1)
  gate.refusal = null
  expect(engine.writeRefusal).toBe(null)
  await write(engine, 'a')
})

test('a write waits for the gate, and is refused when it shuts meanwhile', async () => {
  const gate = new TestGate()
  const { engine } = await openCopy('one', gate)
  gate.waiting = Promise.withResolvers()
  const length = engine.replica.logLength
  const writing = write(engine, 'a').then(
    () => 'written',
    (cause: unknown) => (cause instanceof CoopError ? cause.code : cause),
  )
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(engine.replica.logLength).toBe(length)
  gate.refusal = new CoopError('key-superseded', 'used elsewhere', 'Get a new key.')
  gate.waiting.resolve()
  expect(await writing).toBe('key-superseded')
  expect(engine.replica.logLength).toBe(length)
})

test('own commits from elsewhere are told before they are on the disk; own ones from here are not told', async () => {
  const gate = new TestGate()
  const { engine, store } = await openCopy('one', gate)
  const { engine: other } = await openCopy('two')
  const own = await write(engine, 'mine')
  expect(engine.ingest([own]).duplicates).toBe(1)
  expect(gate.found).toBe(0)
  const written: string[] = []
  gate.onFound = () => {
    // Writes of the store go one after the other: what is asked for first is there first.
    void store
      .write([{ type: 'put', key: 'm/note', value: new Uint8Array() }])
      .then(() => written.push('note'))
  }
  engine.on('durable', () => written.push('commit'))
  engine.ingest([await write(other, 'theirs')])
  await engine.durable()
  expect(gate.found).toBe(1)
  expect(written).toEqual(['note', 'commit'])
})

test('an own commit that only waits for its past tells as well that the key was used elsewhere', async () => {
  const { founder, admit, coop } = testCoop(3)
  const till = admit('venue')
  const other = admit('member')
  const recordsOf = (log: readonly Uint8Array[]): CommitRecord[] =>
    log.map((bytes) => must(decodeRecord(bytes, sha256)).record)
  for (const node of [till, other]) node.write(node.replica.ingest(recordsOf(founder.log)).stored)
  const news = must(other.author([listing('news')])).commit
  till.write(till.replica.ingest([news]).stored)
  const written = must(till.author([listing('after the news')])).commit
  const gate = new TestGate()
  const store = await Store.open(join(folder, 'till'))
  const engine = await Engine.open({
    store,
    crypto,
    signer: till.signer,
    coop,
    log,
    cached: () => null,
    gate,
  })
  closers.push(async () => {
    await engine.close()
    await store.close()
  })
  engine.ingest(recordsOf(founder.log))
  expect(gate.found).toBe(0)
  expect(engine.ingest([written]).waiting).toHaveLength(1)
  expect(gate.found).toBe(1)
})
