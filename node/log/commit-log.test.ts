import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AUTHORITY } from '#protocol/authority'
import { decodeRecord } from '#protocol/commit'
import { foundCoop, openReplica } from '#protocol/coop'
import { toHex } from '#protocol/encoding'
import { unitIdOf } from '#protocol/ledger'
import type { Replica, TakenCommit } from '#protocol/replica'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { Store, orderKey } from '#node/store'
import type { StoreChange } from '#node/store'
import { listSection, must } from '../../test/actors/coop-actors.ts'
import { ledgerSection, move, unitOf } from '../../test/actors/ledger-hand.ts'
import { flipBit, rotValue, storedKeys } from '../../test/actors/rotten-value.ts'
import { CommitLog, MERGE_ROWS } from './commit-log.ts'
import { encodeIndexBlock } from './index-block.ts'
import { LogBatch } from './log-batch.ts'
import { LooseLog } from './loose-log.ts'
import { storedBlocks, storedRecords } from './stored-records.ts'

const crypto = nodeCrypto()
const { sha256 } = crypto
const log = pino({ level: 'silent' })
const EVERYTHING = Number.MAX_SAFE_INTEGER
let folder: string
let path: string
/** The replica that wrote everything, and its commits. */
let writer: Replica
let written: TakenCommit[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-log-'))
  path = join(folder, 'store')
  const [kit, device] = [0, 1].map(() => nodeSigner(new Uint8Array(randomBytes(32))))
  const names = { name: 'North Market', memberName: 'Ada', deviceName: 'nas' }
  if (kit === undefined || device === undefined) throw new Error('two keys')
  const founding = must(
    foundCoop({ ...names, kit, device, nonce: new Uint8Array(randomBytes(16)), nowMs: 1 }, crypto),
  )
  writer = founding.replica
  written = [...founding.stored]
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

/** Writes a log of batches of these sizes, after the founding commit in a batch of its own. */
async function fill(...sizes: number[]): Promise<void> {
  const store = await Store.open(path)
  const commits = new CommitLog({ store, sha256, log }, writer)
  const changes: StoreChange[] = commits.append(new LogBatch(written))
  for (const size of sizes) {
    const batch = Array.from({ length: size }, () => {
      return must(writer.author([listSection(`item ${writer.logLength}`, sha256)], writer.logLength)).stored
    }).flat()
    written.push(...batch)
    changes.push(...commits.append(new LogBatch(batch)))
  }
  await store.write(changes)
  await store.close()
}

interface Opened {
  store: Store
  replica: Replica
  commits: CommitLog
  loaded: Awaited<ReturnType<CommitLog['load']>>
}

async function opened<T>(work: (it: Opened) => Promise<T>): Promise<T> {
  const store = await Store.open(path)
  try {
    const replica = openReplica({ coop: writer.coop, crypto, signer: null })
    const commits = new CommitLog({ store, sha256, log }, replica)
    return await work({ store, replica, commits, loaded: await commits.load() })
  } finally {
    await store.close()
  }
}

/** Opens the log and checks that all of it is there and right. */
async function expectWhole(): Promise<string[]> {
  return opened(async ({ store, replica, commits, loaded }) => {
    expect(loaded).toEqual({ kind: 'whole' })
    expect(replica.logLength).toBe(written.length)
    expect(toHex(replica.heads.root())).toBe(toHex(writer.heads.root()))
    const read = await commits.read(
      written.map((it) => it.order),
      EVERYTHING,
    )
    expect(read.map((it) => toHex(it.bytes))).toEqual(written.map((it) => toHex(it.record.bytes)))
    return store.findings.all().map((it) => `${it.code} ${it.severity}`)
  })
}

test('a replica settles while it is loaded, before it keeps what a whole log does', async () => {
  const unit = unitOf({ supply: 1_000n, relayMax: null })
  const id = unitIdOf(writer.history.keyOf(0), unit, sha256)
  const sections = [{ t: 'define', unit }, move('issue', id, 100)] as const
  written.push(...must(writer.author([ledgerSection(...sections)], 1)).stored)
  await fill(1)
  const store = await Store.open(path)
  for (let count = 0; count < 40; count += 1) {
    const { stored } = must(writer.author([ledgerSection(move('consume', id, 1))], 2))
    const commits = new CommitLog({ store, sha256, log }, writer)
    await store.write(commits.append(new LogBatch(stored)))
    written.push(...stored)
  }
  const replica = openReplica({ coop: writer.coop, crypto, signer: null, isLazy: true })
  const commits = new CommitLog({ store, sha256, log, heldMax: 10 }, replica)
  const held: number[] = []
  const settle = async (): Promise<void> => {
    held.push(replica.epochs.heldCount)
    const read = await commits.read(replica.documentLog(AUTHORITY)?.next(EVERYTHING) ?? [], EVERYTHING)
    const records = read.map(({ order, bytes }) => ({
      order,
      record: must(decodeRecord(bytes, sha256)).record,
    }))
    replica.documents.fold(AUTHORITY, records)
  }
  expect(await commits.load(settle)).toEqual({ kind: 'whole' })
  await store.close()
  // From then on each commit is taken into account as it comes.
  expect([held, replica.epochs.heldCount, replica.epochs.length]).toEqual([[10], 0, written.length])
  expect(replica.epochs.evaluation.totals(id)).toEqual(writer.epochs.evaluation.totals(id))
})

test('a log is read back as it was written, through blocks of any size', async () => {
  await fill(1, 30, 1, 1, 400)
  expect(await expectWhole()).toEqual([])
  expect(await storedKeys(path, 'c/')).toHaveLength(6)
  await opened(async ({ store }) => {
    const blocks = []
    for await (const { first, isWhole, records } of storedBlocks(store))
      blocks.push([first, isWhole, records.length])
    expect(blocks).toEqual([
      [0, true, 1],
      [1, true, 1],
      [2, true, 30],
      [32, true, 1],
      [33, true, 1],
      [34, true, 400],
    ])
    const ids = []
    for await (const { order, record } of storedRecords(store, sha256))
      ids.push(`${order} ${toHex(record.id)}`)
    expect(ids).toEqual(written.map((it) => `${it.order} ${toHex(it.record.id)}`))
  })
})

test('many batches of one commit leave few index blocks, also when they go on after the next opening', async () => {
  await fill(...Array.from({ length: MERGE_ROWS + 4 }, () => 1))
  expect((await storedKeys(path, 'i/')).length).toBeLessThan(10)
  await expectWhole()
  await opened(async ({ store, replica, commits }) => {
    const more = Array.from({ length: MERGE_ROWS }, () => {
      const { stored } = must(writer.author([listSection(`later ${writer.logLength}`, sha256)], 1))
      return replica.ingest(stored.map((it) => it.record)).stored
    })
    await store.write(more.flatMap((it) => commits.append(new LogBatch(it))))
    written.push(...more.flat())
  })
  expect((await storedKeys(path, 'i/')).length).toBeLessThan(10)
  expect(await expectWhole()).toEqual([])
})

test.each([
  ['at the start', [0]],
  ['in the middle', [2]],
  ['at the end', [11]],
  ['in two places', [1, 2, 7]],
  ['everywhere', [0, 1, 2, 7, 11]],
])('a damaged or missing index %s is made anew from the commits', async (_, firsts) => {
  await fill(1, 5, 4, 3)
  for (const change of [flipBit, () => null]) {
    for (const first of firsts) await rotValue(path, orderKey('i', first), change)
    const findings = await expectWhole()
    expect(new Set(findings)).toContain('log-index repaired')
    expect(findings.filter((it) => !it.endsWith('repaired'))).toEqual([])
    expect(await expectWhole()).toEqual([])
    // For the next round one block each again.
    await opened(async ({ store, commits }) => {
      await store.write((await storedIndexKeys(store)).map((key): StoreChange => ({ type: 'del', key })))
      for (const first of commits.blockStarts()) await store.write(indexOf(first))
    })
  }
})

async function storedIndexKeys(store: Store): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.keys('i/')) keys.push(key)
  return keys
}

/** The index of one block, as it was when the block was written. */
function missing(at: number): never {
  throw new RangeError(`no row ${at}`)
}

function indexOf(first: number): StoreChange[] {
  const sizes = new Map([
    [0, 1],
    [1, 1],
    [2, 5],
    [7, 4],
    [11, 3],
  ])
  const rows = written.slice(first, first + (sizes.get(first) ?? 1)).map(({ order, record }) => ({
    ...{ id: record.id, device: record.header.device, seq: record.header.seq },
    ...{ prev: writer.history.prevOf(order), seen: writer.history.seenOf(order) },
    ...{
      isSigned: true,
      isBlockStart: order === first,
      epoch: null,
      missing: 0,
      acts: [],
      documents: record.header.sections.map((it) => it.document),
    },
  }))
  return [
    {
      type: 'put',
      key: orderKey('i', first),
      value: encodeIndexBlock(first, rows.length, (at) => rows[at] ?? missing(at)),
    },
  ]
}

test('an old index block that turns up again inside a merged one is passed over', async () => {
  await fill(...Array.from({ length: MERGE_ROWS }, () => 1))
  expect(await storedKeys(path, 'i/')).toHaveLength(2)
  await opened(async ({ store }) => store.write(indexOf(500)))
  expect(await expectWhole()).toEqual([])
  // Without the merged block the old one stands in a gap, and is of no use but no harm.
  await rotValue(path, orderKey('i', 0), flipBit)
  expect(await expectWhole()).toContain('log-index repaired')
})

test('an index that contradicts itself is not believed', async () => {
  await fill(3, 3)
  await opened(async ({ store }) => {
    const [change] = indexOf(4)
    const rows = [{ ...rowFor(4), seq: 99 }]
    await store.write([
      {
        type: 'put',
        key: change?.key ?? '',
        value: encodeIndexBlock(4, rows.length, (at) => rows[at] ?? missing(at)),
      },
    ])
  })
  await opened(async ({ loaded }) => expect(loaded).toEqual({ kind: 'index' }))
})

function rowFor(order: number) {
  const { record } = written[order] ?? { record: written[0]?.record }
  if (record === undefined) throw new Error('nothing was written')
  const { id, header } = record
  const links = { prev: writer.history.prevOf(order), seen: writer.history.seenOf(order) }
  return {
    id,
    device: header.device,
    seq: header.seq,
    ...links,
    isSigned: true,
    isBlockStart: true,
    epoch: null,
    missing: 0,
    acts: [],
    documents: [],
  }
}

test('of a damaged block the other commits are read, and it is whole again once a peer sent the one', async () => {
  await fill(5, 5)
  const { order, record } = written[3] ?? { order: -1, record: null }
  await rotValue(path, orderKey('c', 1), (bytes) => flipIn(bytes, record?.bytes ?? new Uint8Array()))
  await opened(async ({ store, commits }) => {
    let told = 0
    commits.onDamage = () => void (told += 1)
    expect((await commits.read([1, 2, 3, 4], EVERYTHING)).map((it) => it.order)).toEqual([1, 2])
    expect((await commits.read([4, 5, 6], EVERYTHING)).map((it) => it.order)).toEqual([4, 5, 6])
    expect([commits.damaged, commits.wanted, told]).toEqual([[3], [3], 1])
    expect(store.findings.all()).toMatchObject([{ code: 'log-commit', severity: 'pending' }])
    expect(commits.mend(2, written[2]?.record.bytes ?? new Uint8Array())).toBe(false)
    expect(commits.mend(order, record?.bytes ?? new Uint8Array())).toBe(true)
    expect(commits.mend(order, record?.bytes ?? new Uint8Array())).toBe(false)
    expect(commits.wanted).toEqual([])
    expect((await commits.read([3], EVERYTHING)).length).toBe(1)
    await store.write(await commits.mendedChanges())
    expect(commits.damaged).toEqual([])
    expect(store.findings.all()).toMatchObject([{ code: 'log-commit', severity: 'repaired' }])
  })
  expect(await expectWhole()).toEqual([])
})

test('of a damaged block a record with a flipped signature, which its id does not cover, is not believed', async () => {
  await fill(4)
  const { record } = written[2] ?? {}
  await rotValue(path, orderKey('c', 1), (bytes) => flipIn(bytes, record?.signature ?? new Uint8Array()))
  await opened(async ({ commits }) => {
    expect((await commits.read([1, 2, 3], EVERYTHING)).map((it) => it.order)).toEqual([1])
    expect(commits.damaged).toEqual([2])
  })
})

test('a block of which only the frame is damaged is read, and written anew', async () => {
  await fill(4)
  await rotValue(path, orderKey('c', 1), (bytes) => {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    return bytes
  })
  expect(await expectWhole()).toEqual(['log-commit repaired'])
  expect(await expectWhole()).toEqual([])
})

function flipIn(bytes: Uint8Array, record: Uint8Array): Uint8Array {
  const at = Buffer.from(bytes).indexOf(record) + 40
  bytes[at] = (bytes[at] ?? 0) ^ 1
  return bytes
}

test('a missing block comes back commit by commit, and is written when it is complete', async () => {
  await fill(5, 3)
  await rotValue(path, orderKey('c', 1), () => null)
  await opened(async ({ store, commits }) => {
    expect(await commits.read([1], EVERYTHING)).toEqual([])
    expect(commits.damaged).toEqual([1, 2, 3, 4, 5])
    const missing = [...commits.wanted]
    for (const order of missing.slice(1))
      commits.mend(order, written[order]?.record.bytes ?? new Uint8Array())
    expect(await commits.mendedChanges()).toEqual([])
    commits.mend(missing[0] ?? -1, written[missing[0] ?? -1]?.record.bytes ?? new Uint8Array())
    await store.write(await commits.mendedChanges())
  })
  expect(await expectWhole()).toEqual([])
})

test('reading stops at its limit of bytes, and before what is not on the disk yet', async () => {
  await fill(40)
  await opened(async ({ store, replica, commits }) => {
    const orders = written.map((it) => it.order)
    const one = written[5]?.record.bytes.length ?? 0
    const some = await commits.read(orders, one * 4)
    expect(some.length).toBeGreaterThan(2)
    expect(some.length).toBeLessThan(8)
    const { stored } = must(writer.author([listSection('later', sha256)], 1))
    const taken = replica.ingest(stored.map((it) => it.record)).stored
    const changes = commits.append(new LogBatch(taken))
    expect(await commits.read([40, 41], EVERYTHING)).toHaveLength(1)
    expect(commits.damaged).toEqual([])
    await store.write(changes)
    commits.noteWritten()
    expect(await commits.read([40, 41], EVERYTHING)).toHaveLength(2)
  })
})

test.each([
  ['in the middle', [7]],
  ['at the start', [0]],
  ['over several blocks', [2, 7]],
])('where index and commits are gone %s, the log is not read past it', async (_, firsts) => {
  await fill(1, 5, 4, 3)
  for (const first of firsts)
    for (const prefix of ['c', 'i'] as const) await rotValue(path, orderKey(prefix, first), () => null)
  await opened(async ({ loaded, replica }) => {
    expect(loaded).toEqual({ kind: 'hole', at: firsts[0] })
    expect(replica.logLength).toBe(firsts[0])
  })
})

test('commits behind a hole are set aside and taken in again once what was in it is there', async () => {
  await fill(1, 5, 4, 3)
  for (const prefix of ['c', 'i'] as const) await rotValue(path, orderKey(prefix, 2), () => null)
  await opened(async ({ store }) => {
    const loose = new LooseLog({ store, sha256 })
    expect(await loose.setAside(2)).toBe(7)
    expect(await loose.isEmpty()).toBe(false)
  })
  await opened(async ({ store, replica, commits, loaded }) => {
    expect([loaded.kind, replica.logLength]).toEqual(['whole', 2])
    const loose = new LooseLog({ store, sha256 })
    // Without the chain's next commit none of them links.
    for await (const { result } of loose.takeIn(replica)) expect(result.stored).toEqual([])
    const taken = replica.ingest(written.slice(2, 7).map((it) => it.record))
    await store.write(commits.append(new LogBatch(taken.stored)))
    for await (const { result, changes } of loose.takeIn(replica))
      await store.write([...commits.append(new LogBatch(result.stored)), ...changes])
    expect(await loose.isEmpty()).toBe(true)
    expect(toHex(replica.heads.root())).toBe(toHex(writer.heads.root()))
  })
  expect(await expectWhole()).toEqual([])
})

test('setting aside keeps what can be read of damaged blocks, and what was set aside before', async () => {
  await fill(1, 5, 4, 3)
  await rotValue(path, orderKey('c', 7), (bytes) =>
    flipIn(bytes, written[8]?.record.bytes ?? new Uint8Array()),
  )
  await opened(async ({ store }) => {
    const loose = new LooseLog({ store, sha256 })
    expect(await loose.setAside(11)).toBe(3)
    expect(await loose.setAside(2)).toBe(5 + 3)
    const keys: string[] = []
    for await (const key of store.keys('x/')) keys.push(key)
    expect(keys).toHaveLength(3)
  })
})
