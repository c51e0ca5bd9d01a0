import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as Y from 'yjs'
import { TEXT, encodeBoardPayload } from '#protocol/board'
import type { CommitRecord } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import { BoardState } from '#protocol/board'
import { nodeCrypto } from '#node/crypto'
import { Engine } from '#node/engine'
import { CommitLog, LogBatch } from '#node/log'
import { Store } from '#node/store'
import { Pen, coopWithPen, headOf, recordsOf } from '../../test/actors/pen.ts'
import { until } from '../../test/actors/until.ts'
import { openBoard } from './board-writer.ts'
import { LivePage, PAGE_MESSAGE } from './live-page.ts'
import { noBooks } from '../../test/actors/no-books.ts'

const crypto = nodeCrypto()
const BOARD = 'board/menu'
let folder: string
let store: Store
let engine: Engine
let forker: Pen
let witness: Pen

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-page-'))
  store = await Store.open(join(folder, 'store'))
  const { coop, pen, admit, founder } = coopWithPen(9)
  forker = pen
  const { signer } = admit('member')
  witness = new Pen(coop, admit('member').signer)
  witness.write({ seen: [headOf(recordsOf(founder))] })
  const log = pino({ level: 'silent' })
  const replica = openReplica({ coop, crypto, signer: null })
  const { stored } = replica.ingest([...recordsOf(founder), ...pen.written, ...witness.written])
  await store.write(
    new CommitLog({ store, sha256: crypto.sha256, log }, replica).append(new LogBatch(stored)),
  )
  engine = await Engine.open({ store, crypto, signer, coop, log, cached: () => null })
})
afterEach(async () => {
  await engine.close()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

/** A page in the browser, as far as its node can tell. */
class Page {
  readonly doc = new Y.Doc()
  readonly node: LivePage
  readonly answers: number[] = []
  #edits = 0

  constructor(board: BoardState) {
    const wire = {
      send: (message: Uint8Array): void => this.#take(message),
      close: (reason: string): void => {
        throw new Error(reason)
      },
    }
    this.node = new LivePage(engine, board, wire, engine.replica.standing?.admission ?? '')
    this.doc.on(
      'update',
      (update: Uint8Array, _origin: unknown, _doc: unknown, transaction: Y.Transaction) => {
        if (transaction.local) this.#send(update)
      },
    )
  }

  get text(): string {
    return this.doc.getText(TEXT).toJSON()
  }

  #take(message: Uint8Array): void {
    const type = message[0] ?? -1
    if (type === PAGE_MESSAGE.session) this.doc.clientID = new DataView(message.buffer).getFloat64(5)
    else if (type === PAGE_MESSAGE.update) Y.applyUpdate(this.doc, message.slice(1), 'node')
    else this.answers.push(type)
  }

  #send(update: Uint8Array): void {
    this.node.receive(Uint8Array.of(PAGE_MESSAGE.edit, 0, 0, 0, (this.#edits += 1), ...update))
  }
}

/** The forker writes on the board after its first commit; the witness, if it does, relies on that. */
function write(text: string, isSeen: boolean): CommitRecord[] {
  const board = new BoardState(BOARD, { ...BARE, coop: engine.replica.coop })
  const device = Buffer.from(forker.signer.publicKey).toString('hex')
  const doc = new Y.Doc()
  doc.clientID = board.writerOf(engine.replica.authority.devices.get(device)?.admissions[0]?.commit ?? '', 0)
  doc.getText(TEXT).insert(0, text)
  const payload = encodeBoardPayload({ session: 0, update: Y.encodeStateAsUpdate(doc) })
  const record = forker.write({}, [{ document: BOARD, entries: 1, payload }])
  forker.forget(1)
  return isSeen ? [record, witness.write({ seen: [headOf([record])] })] : [record]
}

const BARE = {
  sha256: crypto.sha256,
  rule: null as never,
  isVisible: () => true,
  cached: () => null,
  books: noBooks,
}

async function take(records: readonly CommitRecord[]): Promise<void> {
  engine.ingest(records)
  await engine.open(BOARD)
  await engine.durable()
}

test('a page binds again when its board is made anew, and writes between the two ways of a forked device', async () => {
  await take(write('soup', false))
  const first = new Page(await openBoard(engine, 'menu'))
  first.doc.getText(TEXT).insert(4, '!')
  await until('the edit is stored', () => first.answers.length === 1)
  expect([first.text, first.answers]).toEqual(['soup!', [PAGE_MESSAGE.ack]])

  // Another member relies on the other history: the board is made anew, and shows both.
  await take(write('stew', true))
  const board = await openBoard(engine, 'menu')
  first.doc.getText(TEXT).insert(5, '?')
  await until('the edit is answered', () => first.answers.length === 2)
  expect(first.answers[1]).toBe(PAGE_MESSAGE.refused)

  const second = new Page(board)
  expect(['soup!stew', 'stewsoup!']).toContain(second.text)
  const { text } = second
  second.doc.transact(() => {
    second.doc.getText(TEXT).insert(4, '-')
    second.doc.getText(TEXT).delete(0, 1)
  })
  await until('the edit is stored', () => second.answers.length === 1)
  expect(second.answers).toEqual([PAGE_MESSAGE.ack])
  expect(board.view().text).toBe(`${text.slice(1, 4)}-${text.slice(4)}`)
  expect(engine.replica.documents.countsOf(BOARD).refused).toBe(0)
})
