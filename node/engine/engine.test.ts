import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as Y from 'yjs'
import { BoardState, FIELDS } from '#protocol/board'
import { foundCoop } from '#protocol/coop'
import type { CachedDocument } from '#protocol/document'
import { CATALOGUE, encodeCatalogueEntries } from '#protocol/catalogue'
import { FRAME_BYTES_MAX } from '#protocol/sync'
import { BoardWriter, openBoard } from '#node/boards'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { CommitLog, LogBatch } from '#node/log'
import { Store } from '#node/store'
import { Engine } from './engine.ts'

const crypto = nodeCrypto()
const signer = nodeSigner(new Uint8Array(randomBytes(32)))
const log = pino({ level: 'silent' })
let folder: string
let store: Store
let coop: Uint8Array

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-engine-'))
  store = await Store.open(join(folder, 'store'))
  const kit = nodeSigner(new Uint8Array(randomBytes(32)))
  const names = { name: 'North Market', memberName: 'Ada', deviceName: 'nas' }
  const founding = foundCoop(
    { ...names, kit, device: signer, nonce: new Uint8Array(randomBytes(16)), nowMs: Date.now() },
    crypto,
  )
  if (!founding.ok) throw new Error(founding.refusal)
  coop = founding.coop
  const commits = new CommitLog({ store, sha256: crypto.sha256, log }, founding.replica)
  await store.write(commits.append(new LogBatch(founding.stored)))
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

async function openEngine(cached: (document: string) => CachedDocument | null = () => null): Promise<Engine> {
  return Engine.open({ store, crypto, signer, coop, log, cached })
}

/** What a cache would hold of a board that shows `value`, after `sections` sections. */
function keptBoard(value: string, sections: number): CachedDocument {
  const doc = new Y.Doc()
  doc.getMap(FIELDS).set('price', value)
  return { sections, commit: new Uint8Array(32).fill(7), update: Y.encodeStateAsUpdate(doc) }
}

async function fieldsOf(engine: Engine): Promise<unknown> {
  const board = await engine.open('board/prices')
  return board instanceof BoardState ? { ...board.view().fields } : null
}

test('a kept board that is ahead of the log, as after a power cut, is built anew', async () => {
  const first = await openEngine()
  await new BoardWriter(first, await openBoard(first, 'prices'), await first.admission()).set(
    'price',
    'on the disk',
  )
  await first.close()
  const engine = await openEngine(() => keptBoard('never written', 2))
  expect(await fieldsOf(engine)).toEqual({ price: 'on the disk' })
  await new BoardWriter(engine, await openBoard(engine, 'prices'), await engine.admission()).set(
    'price',
    'later',
  )
  expect(await fieldsOf(engine)).toEqual({ price: 'later' })
  await engine.close()
})

test('a kept board of which the log has no commit is not shown', async () => {
  const engine = await openEngine(() => keptBoard('never written', 1))
  expect(await fieldsOf(engine)).toEqual({})
  await engine.close()
})

test('a read of many large commits holds about one frame of them', async () => {
  const engine = await openEngine()
  const name = 'n'.repeat(255)
  const cid = Uint8Array.of(1, 0x55, 0x12, 0x20, ...new Uint8Array(32))
  const entries = Array.from({ length: 600 }, () => ({
    ...({ t: 'list', cid, name, sizeBytes: 1, kind: 'file' } as const),
  }))
  const payload = encodeCatalogueEntries(entries)
  const writes = Array.from({ length: 60 }, async () =>
    engine.append([{ document: CATALOGUE, entries: entries.length, payload }]),
  )
  await Promise.all(writes)
  const records = await engine.read(Array.from({ length: 61 }, (_, order) => order))
  const bytes = records.reduce((sum, record) => sum + record.bytes.length, 0)
  expect(bytes).toBeGreaterThan(FRAME_BYTES_MAX)
  expect(bytes).toBeLessThan(6 * FRAME_BYTES_MAX)
  await engine.close()
})
