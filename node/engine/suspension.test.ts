import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CommitRecord } from '#protocol/commit'
import { toHex } from '#protocol/encoding'
import { checkForkProof } from '#protocol/evidence'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { Store } from '#node/store'
import { coopWithPen, reader, unsigned } from '../../test/actors/pen.ts'
import type { Pen } from '../../test/actors/pen.ts'
import { Engine } from './engine.ts'
import { forkProof } from './fork-proof.ts'
import { Suspensions } from './suspension.ts'
import type { Suspension } from './suspension.ts'
import type { WriteGate } from './write-gate.ts'

const crypto = nodeCrypto()
const { sha256 } = crypto
const log = pino({ level: 'silent' })
const signer = nodeSigner(new Uint8Array(randomBytes(32)))
let folder: string
let coop: Uint8Array
let pen: Pen
let all: CommitRecord[]
let engine: Engine
let told: Suspension[]
const closers: (() => Promise<void>)[] = []

async function open(gate?: WriteGate): Promise<Engine> {
  const store = await Store.open(join(folder, 'store'))
  const parts = { store, crypto, signer, coop, log, cached: () => null }
  const opened = await Engine.open(gate === undefined ? parts : { ...parts, gate })
  told = []
  opened.on('suspended', (it) => told.push(it))
  closers.push(async () => {
    await opened.close()
    await store.close()
  })
  return opened
}

async function close(): Promise<void> {
  for (const it of closers.splice(0)) await it()
}

/** A replica that holds a founder's and a till's chain; the till can write whatever it likes. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-suspension-'))
  ;({ coop, pen, all } = coopWithPen(1))
  engine = await open()
  engine.ingest(all)
  pen.more(3)
  engine.ingest(pen.written)
  await engine.durable()
})
afterEach(async () => {
  await close()
  await rm(folder, { recursive: true, force: true })
})

const till = (): string => toHex(pen.signer.publicKey)

/** Two other histories of the till, without what they share with the first: from its commit 3 on, and from its commit 2 on. */
function branches(): CommitRecord[][] {
  const whole = [...pen.written]
  pen.forget(1)
  const late = pen.more(2, 5)
  pen.written.splice(0, pen.written.length, ...whole)
  pen.forget(2)
  const early = pen.more(1, 6)
  return [late, early]
}

test('a device is suspended once two of its commits of one seq are here, and told of once', async () => {
  const [late, early] = branches()
  expect([engine.suspensionOf(till()), engine.suspensions()]).toEqual([null, []])
  engine.ingest(late ?? [])
  await engine.durable()
  expect(told).toMatchObject([{ device: till(), reason: 'fork', seq: 3 }])
  engine.ingest(early ?? [])
  await engine.durable()
  // The lowest place is what counts, and every replica with these commits names the same two.
  expect(engine.suspensionOf(till())).toMatchObject({ seq: 2 })
  expect(told).toHaveLength(1)
  expect(engine.suspensions()).toEqual([engine.suspensionOf(till())])
  expect(engine.suspensionOf(toHex(all[0]?.header.device ?? new Uint8Array()))).toBe(null)
  expect(engine.suspensionOf('nonsense')).toBe(null)
  await close()
  engine = await open()
  expect(engine.suspensionOf(till())).toMatchObject({ seq: 2 })
  expect(told).toEqual([])
})

test('replicas name the same two commits, whatever they heard of first', () => {
  const whole = [...pen.written]
  const [late, early] = branches() as [CommitRecord[], CommitRecord[]]
  const orders = [
    [whole, late, early],
    [early, whole, late],
    [late, whole, early],
    [early, late, whole],
  ]
  const found = orders.map((order) => {
    const replica = reader(coop, all)
    // The first commits, which all three histories share, come with whichever is heard of first.
    replica.ingest(whole.slice(0, 3))
    for (const records of order) replica.ingest(records)
    return new Suspensions(replica).of(till())
  })
  expect(found[0]).toMatchObject({ seq: 2 })
  for (const suspension of found) expect(suspension).toEqual(found[0])
})

test('what suspends a device can be handed to anybody as a proof, also where a relay spoilt a signature', async () => {
  const whole = [...pen.written]
  pen.forget(1)
  const other = pen.more(3, 5)
  const [first, ...rest] = other as [CommitRecord, CommitRecord, CommitRecord]
  engine.ingest([unsigned(first), ...rest])
  await engine.durable()
  const suspension = engine.suspensionOf(till())
  const proof = suspension === null ? null : await forkProof(engine, suspension)
  const { rule } = engine.replica
  const checked = checkForkProof(proof ?? new Uint8Array(), { coop, rule, sha256 })
  expect(checked).toMatchObject({ ok: true, fork: { seq: 3, device: pen.signer.publicKey } })
  const ids = [whole[3]?.id, first.id].map((id) => toHex(id ?? new Uint8Array())).sort()
  expect(suspension?.commits).toEqual(ids)
  expect(checked.ok && checked.fork.ids.map(toHex)).toEqual(ids)
  // One header there, two here: the second one bears the first good signature.
  expect(proof?.length).toBeLessThan(1_500)
})

test('what a peer proved of this very device counts although its commits are not here', async () => {
  const own = toHex(signer.publicKey)
  const suspension: Suspension = { device: own, reason: 'fork', seq: 7, commits: ['aa', 'bb'] }
  const gate = { refusal: null, suspension, wait: async () => undefined, foundElsewhere: () => undefined }
  await close()
  engine = await open(gate)
  expect(engine.suspensionOf(own)).toBe(suspension)
  expect(engine.suspensionOf(till())).toBe(null)
})
