import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { decodeRecord } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { BoardWriter, openBoard } from '#node/boards'
import { nodeCrypto } from '#node/crypto'
import { Store } from '#node/store'
import { must, testCoop } from '../../test/actors/coop-actors.ts'
import { Engine } from './engine.ts'

const crypto = nodeCrypto()
let folder: string
let store: Store
let engine: Engine
let founding: CommitRecord[]

/** A till that joined: the founder admitted it, and nothing of that has come over the mesh yet. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-admission-'))
  store = await Store.open(join(folder, 'store'))
  const { founder, admit, coop } = testCoop(5)
  const { signer } = admit('venue')
  founding = founder.log.map((bytes) => must(decodeRecord(bytes, crypto.sha256)).record)
  const log = pino({ level: 'silent' })
  engine = await Engine.open({ store, crypto, signer, coop, log, cached: () => null, admissionWaitMs: 300 })
})
afterEach(async () => {
  await engine.close()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

const refusal = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'written',
    (cause: unknown) => (cause as { code: string }).code,
  )

test('what a device that just joined writes waits for its admission', async () => {
  const writing = engine.admission().then(async (admission) => {
    await new BoardWriter(engine, await openBoard(engine, 'menu'), admission).set('soup', 4)
  })
  engine.ingest(founding.slice(0, 1))
  await engine.durable()
  engine.ingest(founding.slice(1))
  expect(await refusal(writing)).toBe('written')
})

test('without the admission nothing is written, by name', async () => {
  expect(await refusal(engine.admission())).toBe('not-admitted')
  expect(await refusal(engine.append([]))).toBe('not-admitted')
  engine.ingest(founding)
  expect(await refusal(engine.append([]))).toBe('written')
})
