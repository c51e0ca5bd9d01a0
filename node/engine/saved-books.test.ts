import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CommitRecord } from '#protocol/commit'
import { foundCoop, openReplica } from '#protocol/coop'
import { toHex } from '#protocol/encoding'
import type { Signer } from '#protocol/identity'
import { LEDGER, unitIdOf } from '#protocol/ledger'
import type { LedgerState } from '#protocol/ledger'
import type { Replica } from '#protocol/replica'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { CommitLog, LogBatch } from '#node/log'
import { encodeLogBlock } from '../log/log-block.ts'
import { Store, orderKey } from '#node/store'
import { seededRandom } from '#simulations/mesh'
import { admitSection, inviteSection, must } from '../../test/actors/coop-actors.ts'
import { hand, ledgerSection, move, unitOf } from '../../test/actors/ledger-hand.ts'
import { flipBit, rotValue } from '../../test/actors/rotten-value.ts'
import { BooksFile } from './books-file.ts'
import { Engine } from './engine.ts'

const crypto = nodeCrypto()
const { sha256 } = crypto
const log = pino({ level: 'silent' })
let folder: string
let path: string
let booksPath: string
let coop: Uint8Array
let signer: Signer
/** A till that this device gives goods to, and all that it holds. */
let till: Signer
let tillReplica: Replica
let unit: string

/** A founder that knows a till, goods of which the till was given ten and sold one, in the log of a store. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-books-'))
  path = join(folder, 'store')
  booksPath = join(folder, 'store.books')
  signer = nodeSigner(new Uint8Array(randomBytes(32)))
  till = nodeSigner(new Uint8Array(randomBytes(32)))
  const kit = nodeSigner(new Uint8Array(randomBytes(32)))
  const names = { name: 'North Market', memberName: 'Ada', deviceName: 'nas' }
  const nonce = new Uint8Array(randomBytes(16))
  const founding = must(foundCoop({ ...names, kit, device: signer, nonce, nowMs: 0, slots: 5 }, crypto))
  const { replica } = founding
  coop = founding.coop
  const secret = new Uint8Array(randomBytes(16))
  const tools = { crypto, random: seededRandom(1), secret }
  const definition = unitOf({ supply: 100n, relayMax: null })
  unit = unitIdOf(signer.publicKey, definition, sha256)
  const stored = [...founding.stored]
  for (const section of [
    inviteSection(secret, 'venue', crypto),
    admitSection(coop, till, tools),
    ledgerSection({ t: 'define', unit: definition }, move('issue', unit, 50)),
    ledgerSection(hand(till.publicKey, unit, 10)),
  ])
    stored.push(...must(replica.author([section], 1)).stored)
  tillReplica = openReplica({ coop, crypto, signer: till })
  tillReplica.ingest(stored.map(({ record }) => record))
  const sold = must(tillReplica.author([ledgerSection(move('consume', unit, 1))], 2)).stored
  stored.push(...replica.ingest(sold.map(({ record }) => record)).stored)
  const store = await Store.open(path)
  await store.write(new CommitLog({ store, sha256, log }, replica).append(new LogBatch(stored)))
  await store.close()
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

/** What a node says of the ledger. */
interface Said {
  /** Commits that it did not go through again. */
  savedLength: number
  findings: string[]
  books: string
}

async function opened<T>(
  work: (engine: Engine, store: Store) => Promise<T>,
  version = '1',
): Promise<T & Said> {
  const store = await Store.open(path)
  const books = new BooksFile(booksPath, version, store.findings)
  const engine = await Engine.open({ store, crypto, signer, coop, log, cached: () => null, books })
  const { savedLength } = engine.replica.epochs
  try {
    const result = await work(engine, store)
    const found = store.findings.all().map((it) => `${it.code} ${it.severity}`)
    return { ...result, savedLength, findings: found, books: booksOf(engine.replica) }
  } finally {
    await engine.close()
    await store.close()
  }
}

/** As text, all that a replica says of the ledger. */
function booksOf(replica: Replica): string {
  const ledger = replica.document(LEDGER) as LedgerState
  const shown = ledger.books.balances().map((it) => `${it.account} ${it.device} ${it.holding} ${it.inFlight}`)
  return [toHex(ledger.stateHash()), ...shown, String(replica.spendable(unit))].join('\n')
}

const nothing = async (): Promise<object> => ({})

async function sell(engine: Engine): Promise<object> {
  await engine.append([ledgerSection(move('consume', unit, 1))])
  return {}
}

test('a node goes on from the books that it saved, and says the same', async () => {
  const first = await opened(nothing)
  const again = await opened(nothing)
  expect([first.savedLength, again.savedLength, again.findings]).toEqual([0, 6, []])
  expect(again.books).toBe(first.books)
  const sold = await opened(sell)
  expect(sold.savedLength).toBe(6)
  await rm(booksPath)
  expect((await opened(nothing)).books).toBe(sold.books)
  expect((await opened(nothing)).savedLength).toBe(7)
})

test('what was written behind saved books is gone through', async () => {
  await opened(nothing)
  const saved = await readFile(booksPath)
  const { books } = await opened(sell)
  // As after a crash.
  await writeFile(booksPath, saved)
  const after = await opened(nothing)
  expect([after.savedLength, after.findings, after.books]).toEqual([6, [], books])
})

test('saved books of which any byte is damaged are not used, and that is named', async () => {
  const { books } = await opened(nothing)
  const saved = await readFile(booksPath)
  const places = [0, 8, 30, Math.floor(saved.length / 2), saved.length - 33, saved.length - 1]
  for (const at of places) {
    const damaged = Uint8Array.from(saved)
    damaged[at] = (damaged[at] ?? 0) ^ 4
    await writeFile(booksPath, damaged)
    const said = await opened(nothing)
    expect([said.savedLength, said.findings, said.books]).toEqual([0, ['saved-books repaired'], books])
    expect((await opened(nothing)).savedLength).toBe(6)
  }
  for (const length of [0, 20, saved.length - 1]) {
    await writeFile(booksPath, saved.subarray(0, length))
    expect((await opened(nothing)).findings).toEqual(['saved-books repaired'])
  }
  await rm(booksPath)
  await cp(path, booksPath, { recursive: true }) // cannot be read
  expect((await opened(nothing)).findings).toContain('saved-books repaired')
})

test('saved books of another version of this program, or of another log, are passed over', async () => {
  const { books } = await opened(nothing)
  const newer = await opened(nothing, '2')
  expect([newer.savedLength, newer.findings, newer.books]).toEqual([0, [], books])
  expect((await opened(nothing, '2')).savedLength).toBe(6)
  await opened(async (_, store) => {
    await store.write([{ type: 'put', key: 'm/log', value: new Uint8Array(16) }])
    return {}
  }, '2')
  const said = await opened(nothing, '2')
  expect([said.savedLength, said.findings, said.books]).toEqual([0, [], books])
})

test('saved books that say more than the log holds are dropped, and that is named', async () => {
  await cp(path, `${path}-before`, { recursive: true })
  const { books } = await opened(nothing)
  const named = await readFile(booksPath)
  await opened(sell)
  const longer = await readFile(booksPath)
  expect(longer.length).not.toBe(0)
  expect(named.equals(longer)).toBe(false)
  // The log of before, under the name that it has now, and no mark of how far it went.
  const store = await Store.open(path)
  const name = (await store.get('m/log')) ?? new Uint8Array()
  await store.close()
  await rm(path, { recursive: true })
  await rm(`${path}.end`)
  await cp(`${path}-before`, path, { recursive: true })
  const before = await Store.open(path)
  await before.write([{ type: 'put', key: 'm/log', value: name }])
  await before.close()
  const said = await opened(nothing)
  expect([said.findings, said.books]).toEqual([['saved-books note', 'end-mark note'], books])
  expect((await opened(nothing)).savedLength).toBe(6)
})

test('a hole in the log, and an index made anew, do not make saved books wrong', async () => {
  const { books } = await opened(nothing)
  await rotValue(path, orderKey('i', 0), flipBit)
  const healed = await opened(nothing)
  expect([healed.savedLength, healed.books]).toEqual([6, books])
  expect(healed.findings).toContain('log-index repaired')
  // The index and the commits of one block are lost together: the log has another order from then on.
  await opened(async (engine) => (await sell(engine), sell(engine)))
  for (const key of [orderKey('i', 6), orderKey('c', 6)]) await rotValue(path, key, flipBit)
  const holed = await opened(nothing)
  expect(holed.findings).toContain('log-hole pending')
  expect([holed.savedLength, holed.books]).toEqual([0, books])
})

test('a commit that saved books do not reach is taken in once they are made anew from the log', async () => {
  await opened(nothing)
  // The till wrote another commit in the place of its only one.
  const other = openReplica({ coop, crypto, signer: till })
  const records = await opened(async (engine) => ({ records: await engine.read([0, 1, 2, 3, 4]) }))
  other.ingest(records.records)
  const fork = must(other.author([ledgerSection(move('consume', unit, 3))], 3)).commit
  const take = async (engine: Engine, taken: readonly CommitRecord[]): Promise<void> => {
    const batch = { ok: true, records: taken, checked: new Set<number>(), window: Infinity } as const
    await engine.take(async () => Promise.resolve(batch))
  }
  const said = await opened(async (engine) => {
    const reset = once(engine, 'reset')
    await take(engine, [fork])
    expect(engine.replica.history.find(fork.id)).toBe(-1)
    // A write waits for that.
    const writing = sell(engine)
    await reset
    await writing
    expect(engine.failure).toBe(null)
    await take(engine, [fork])
    await engine.durable()
    expect(engine.replica.history.find(fork.id)).toBe(7)
    return {}
  })
  expect([said.savedLength, said.findings]).toEqual([6, []])
  const again = await opened(nothing)
  expect([again.savedLength, again.books]).toEqual([8, said.books])
  await rm(booksPath)
  expect((await opened(nothing)).books).toBe(said.books)
})

test('a commit that was set aside and that saved books do not reach is not lost', async () => {
  await opened(nothing)
  const other = openReplica({ coop, crypto, signer: till })
  const { records } = await opened(async (engine) => ({ records: await engine.read([0, 1, 2, 3, 4]) }))
  other.ingest(records)
  const fork = must(other.author([ledgerSection(move('consume', unit, 3))], 3)).commit
  const store = await Store.open(path)
  const value = encodeLogBlock({ first: 0, records: [fork.bytes] })
  await store.write([{ type: 'put', key: orderKey('x', 0), value }])
  await store.close()
  const said = await opened(async (engine) => ({ at: engine.replica.history.find(fork.id) }))
  expect([said.savedLength, said.at]).toEqual([0, 6])
  const again = await opened(nothing)
  expect([again.savedLength, again.books]).toEqual([7, said.books])
})

test('saved books of before a fork are dropped when the log behind them holds it', async () => {
  await opened(nothing)
  const saved = await readFile(booksPath)
  const other = openReplica({ coop, crypto, signer: till })
  const { records } = await opened(async (engine) => ({ records: await engine.read([0, 1, 2, 3, 4]) }))
  other.ingest(records)
  const fork = must(other.author([ledgerSection(move('consume', unit, 3))], 3)).commit
  await rm(booksPath)
  const { books } = await opened(async (engine) => {
    engine.ingest([fork])
    await engine.durable()
    return {}
  })
  // A power cut brought it back.
  await writeFile(booksPath, saved)
  const said = await opened(nothing)
  expect([said.savedLength, said.findings, said.books]).toEqual([0, [], books])
})
