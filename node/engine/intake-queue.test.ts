import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CommitRecord } from '#protocol/commit'
import { CATALOGUE } from '#protocol/catalogue'
import type { CatalogueState } from '#protocol/catalogue'
import type { IntakeResult } from '#protocol/replica'
import { nodeCrypto } from '#node/crypto'
import { Store } from '#node/store'
import { listSection } from '../../test/actors/coop-actors.ts'
import { coopWithPen, recordsOf, unsigned } from '../../test/actors/pen.ts'
import type { Pen } from '../../test/actors/pen.ts'
import { Engine } from './engine.ts'
import { SLICE_COMMITS, WINDOW_COMMITS } from './intake-queue.ts'

const crypto = nodeCrypto()
let folder: string
let store: Store
let engine: Engine
let pen: Pen
/** Commits before anything is taken in. */
let base: number
let made: ReturnType<typeof coopWithPen>
let reopen: () => Promise<Engine>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-intake-'))
  store = await Store.open(join(folder, 'store'))
  made = coopWithPen(81)
  const { coop, founder, admit } = made
  pen = made.pen
  const parts = { store, crypto, signer: admit('member').signer, coop, log: pino({ level: 'silent' }) }
  reopen = async () => Engine.open({ ...parts, cached: () => null })
  engine = await reopen()
  engine.ingest(recordsOf(founder))
  await engine.durable()
  base = engine.replica.logLength
})
afterEach(async () => {
  await engine.close()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

async function take(records: readonly CommitRecord[], window = Infinity): Promise<IntakeResult> {
  const outcome = await engine.take(async () => ({ ok: true, records, checked: new Set(), window }))
  if (!outcome.ok) throw new Error(outcome.refusal)
  return outcome.result
}

function listings(count: number): CommitRecord[] {
  return Array.from({ length: count }, (_, i) => pen.write({}, [listSection(`file ${i}`, crypto.sha256)]))
}

/** Turns of the event loop until this settles: how many commits each of them took in. */
async function perTurn(work: Promise<unknown>): Promise<number[]> {
  const taken: number[] = []
  const state = { isDone: false }
  void work.finally(() => {
    state.isDone = true
  })
  let length = engine.replica.logLength
  while (!state.isDone) {
    await nextTurn()
    taken.push(engine.replica.logLength - length)
    length = engine.replica.logLength
  }
  return taken
}

/** Holds all writes to the disk until it is called. */
function holdWrites(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>()
  const write = store.write.bind(store)
  store.write = async (changes, end) => {
    await promise
    await write(changes, end)
  }
  return resolve
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await nextTurn()
}

test('between two turns of the event loop a slice is taken in, however many batches came', async () => {
  await engine.open(CATALOGUE)
  listings(5 * SLICE_COMMITS)
  const half = pen.written.length / 2
  const batches = [pen.written.slice(0, half), pen.written.slice(half)]
  const taken = await perTurn(Promise.all(batches.map(async (it) => take(it))))
  expect(Math.max(...taken)).toBe(SLICE_COMMITS)
  expect(engine.replica.logLength).toBe(base + pen.written.length)
})

test('commits of many bytes make smaller slices', async () => {
  const large = listSection('large', crypto.sha256)
  const payload = new Uint8Array(40_000)
  for (let i = 0; i < 6; i += 1) pen.write({}, [{ ...large, payload }])
  const taken = await perTurn(take(pen.written))
  expect(Math.max(...taken)).toBe(2)
})

test('commits that decide who may write make smaller slices', async () => {
  const known = recordsOf(made.founder).length
  for (let i = 0; i < 20; i += 1) made.admit('member')
  const taken = await perTurn(take(recordsOf(made.founder).slice(known)))
  expect(Math.max(...taken)).toBe(4)
})

test('while writes come, what is signed goes to the disk a window at a time', async () => {
  listings(4 * WINDOW_COMMITS)
  const write = store.write.bind(store)
  const written: number[] = []
  store.write = async (changes, end) => {
    written.push(engine.replica.logLength)
    await write(changes, end)
  }
  await engine.append([listSection('first', crypto.sha256)])
  written.length = 0
  const before = engine.replica.logLength
  expect((await take(pen.written, WINDOW_COMMITS)).stored.length).toBe(pen.written.length)
  const windows = [1, 2, 3, 4].map((it) => before + it * WINDOW_COMMITS)
  expect(written.slice(0, 4)).toEqual(windows)
})

test('a local write goes between the slices of a batch, and is on the disk with what it acknowledges', async () => {
  listings(20 * SLICE_COMMITS)
  await engine.open(CATALOGUE)
  const taking = take(pen.written)
  while (engine.replica.logLength === base) await nextTurn()
  const commit = await engine.append([listSection('mine', crypto.sha256)])
  const order = engine.replica.history.find(commit.id)
  expect(order).toBeLessThan(base + 3 * SLICE_COMMITS)
  expect((await taking).stored.length).toBe(pen.written.length)
  await engine.durable()
  const again = await reopen()
  expect(again.replica.logLength).toBe(base + pen.written.length + 1)
  expect(again.replica.history.find(commit.id)).toBe(order)
  const state = (await again.open(CATALOGUE)) as CatalogueState | null
  expect(state?.listings.size).toBe(pen.written.length)
  await again.close()
})

test('while writes come, one waits for the next place where the thread has checked signatures', async () => {
  expect(engine.signatureWindow).toBe(Infinity)
  await engine.append([listSection('first', crypto.sha256)])
  expect(engine.signatureWindow).toBe(WINDOW_COMMITS)
  listings(4 * WINDOW_COMMITS)
  const before = engine.replica.logLength
  const taking = take(pen.written, WINDOW_COMMITS)
  while (engine.replica.logLength < before + SLICE_COMMITS) await nextTurn()
  const commit = await engine.append([listSection('mine', crypto.sha256)])
  expect(engine.replica.history.find(commit.id)).toBe(before + WINDOW_COMMITS)
  expect((await taking).stored.length).toBe(pen.written.length)
})

test('a local write waits for the end of a batch in which no signature covers what was taken', async () => {
  listings(3 * SLICE_COMMITS)
  const spoilt = pen.written.map((it, i) => (i === pen.written.length - 1 ? it : unsigned(it)))
  const long = spoilt.slice(-200)
  await take(pen.written.slice(0, -200))
  const taking = take(long)
  const start = base + pen.written.length - 200
  while (engine.replica.logLength === start) await nextTurn()
  const commit = await engine.append([listSection('mine', crypto.sha256)])
  expect(engine.replica.history.find(commit.id)).toBe(base + pen.written.length)
  await taking
})

test('one batch may wait for the disk: a local write is behind no more than that and the one being written', async () => {
  listings(300)
  const batches = [0, 100, 200].map((at) => pen.written.slice(at, at + 100))
  await engine.open(CATALOGUE)
  const release = holdWrites()
  const taking = batches.map(async (it) => take(it))
  await turns(50)
  expect(engine.replica.logLength).toBe(base + 200)
  const writing = engine.append([listSection('mine', crypto.sha256)])
  await turns(50)
  expect(engine.replica.logLength).toBe(base + 201)
  release()
  const commit = await writing
  expect(engine.replica.history.find(commit.id)).toBe(base + 200)
  for (const it of taking) expect((await it).stored.length).toBe(100)
})

test('a document is folded and open although commits stream in without end', async () => {
  listings(6 * SLICE_COMMITS)
  await take(pen.written)
  const found = { isOpen: false }
  const opening = engine.open(CATALOGUE).then((it) => {
    found.isOpen = true
    return it
  })
  while (!found.isOpen) await take(listings(50))
  const state = (await opening) as CatalogueState | null
  expect(state?.listings.size).toBe(pen.written.length - 1)
})

test('while a local write is on its way to the disk nothing more is taken in', async () => {
  listings(10 * SLICE_COMMITS)
  await engine.open(CATALOGUE)
  const release = holdWrites()
  const taking = take(pen.written)
  while (engine.replica.logLength === base) await nextTurn()
  const writing = engine.append([listSection('mine', crypto.sha256)])
  await turns(50)
  const length = engine.replica.logLength
  release()
  expect(engine.replica.history.find((await writing).id)).toBe(length - 1)
  expect((await taking).stored.length).toBe(pen.written.length)
})
