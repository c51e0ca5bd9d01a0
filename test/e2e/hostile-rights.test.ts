import type { Stream } from '@libp2p/interface'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeCanonical } from '#protocol/encoding'
import {
  OTHER_VERSION_ANSWER,
  RIGHTS_ASK_BYTES_MAX,
  encodeAnswer,
  encodeAsk,
  readAnswer,
  readAsk,
} from '#protocol/ledger'
import type { AskReason, LedgerEntry, RightsAnswer } from '#protocol/ledger'
import { decodeRecord } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { FRAME_BYTES_MAX, PAST_ROWS_MAX, decodeFrame, encodeFrame, pastRows } from '#protocol/sync'
import { FramedStream } from '#node/mesh'
import { HostileMember } from '../actors/hostile-member.ts'
import { hand, heldBy, idOf, ledgerSection, move, unitOf } from '../actors/ledger-hand.ts'
import type { NodeProcess } from '../actors/node-process.ts'
import { unsigned } from '../actors/pen.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

/** As a node has it. */
const RIGHTS_PROTOCOL = '/coopmesh/rights/2'
const RIGHTS_PROTOCOL_BEFORE = '/coopmesh/rights/1'
const nothing = new Uint8Array()

let bench: Workbench
let nas: NodeProcess
/** Holds most of the posters. */
let liar: HostileMember
let giver: HostileMember
let poster: string
let eur: string

beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas')
  liar = await HostileMember.admit(nas, 'member', 'liar')
  giver = await HostileMember.admit(nas, 'member', 'giver')
  poster = await defined({ code: 'poster', kind: 'stock' })
  eur = await defined({ code: 'eur', kind: 'money' })
  const allow = { kind: 'allow', right: 'issue', device: nas.device, unit: 'EUR', amount: '500.00' }
  await nas.api('POST', '/v1/proposals', { changes: [allow] })
  await until('it may issue', async () => {
    const done = write({ type: 'issue', unit: 'EUR', amount: '100.00' })
    return done.then(() => true).catch(() => false)
  })
  await write({ type: 'issue', unit: 'POSTER', amount: '1000' })
  for (const [to, amount] of [
    [liar, '500'],
    [giver, '200'],
  ] as const)
    await write({ type: 'transfer', unit: 'POSTER', amount, to: to.device })
  for (const it of [liar, giver]) {
    await it.sync(nas)
    it.write()
    await it.sync(nas)
  }
})
afterAll(async () => {
  await Promise.all([liar, giver].map((it) => it?.close()))
  await bench.close()
})

async function defined(unit: object): Promise<string> {
  return ((await nas.api('POST', '/v1/ledger/units', unit)) as { unit: string }).unit
}

async function write(entry: object): Promise<void> {
  await nas.api('POST', '/v1/ledger/entries', { entries: [entry] })
}

/** Says a frame to the node; what it answers, or null where it ends the stream. */
async function say(by: HostileMember, frame: Uint8Array): Promise<RightsAnswer | null> {
  const stream = await open(by)
  await stream.send(frame)
  const answer = await stream.next(5_000).catch(() => null)
  stream.abort('done')
  return answer === null ? null : readAnswer(answer, 2n ** 63n - 1n)
}

async function open(by: HostileMember, protocol = RIGHTS_PROTOCOL): Promise<FramedStream> {
  const connection = await by.connect(nas)
  return new FramedStream(await connection.newStream(protocol), FRAME_BYTES_MAX)
}

async function ask(
  unit: string,
  amount: bigint,
  reason: AskReason,
  has: Uint8Array = nothing,
): Promise<RightsAnswer | null> {
  return say(liar, encodeAsk({ unit, amount, reason, has }))
}

/** The node's answer and the commits behind it. */
async function fetched(by: HostileMember, frame: Uint8Array): Promise<[RightsAnswer, CommitRecord[]]> {
  const stream = await open(by)
  await stream.send(frame)
  const answer = readAnswer(await stream.next(5_000), 2n ** 63n - 1n)
  const records: CommitRecord[] = []
  while (records.length < (answer.commits ?? 0)) {
    const decoded = decodeFrame(await stream.next(5_000))
    if (!decoded.ok || decoded.frame.kind !== 'commits') throw new Error('no commits')
    for (const bytes of decoded.frame.records) {
      const record = decodeRecord(bytes, by.crypto.sha256)
      if (!record.ok) throw new Error(record.refusal)
      records.push(record.record)
    }
  }
  stream.abort('done')
  return [answer, records]
}

/** Takes posters at the node; whom it asked, what it took of each and why not more. */
async function take(amount: string): Promise<{ taken: string; from: [string, string | null][] }> {
  const taken = (await nas.api('POST', '/v1/ledger/take', { unit: 'POSTER', amount })) as {
    taken: string
    from: { amount: string; why: string | null }[]
  }
  return { taken: taken.taken, from: taken.from.map((it) => [it.amount, it.why]) }
}

async function faultsOf(by: HostileMember): Promise<number> {
  return (await nas.peers()).find((it) => it.device === by.id)?.faults?.count ?? 0
}

/** Answers what the node asks of a device. */
async function answering(
  by: HostileMember,
  answer: (frame: Uint8Array) => Promise<Uint8Array[]>,
): Promise<void> {
  await by.peer.libp2p.unhandle(RIGHTS_PROTOCOL)
  await by.peer.libp2p.handle(RIGHTS_PROTOCOL, async (stream: Stream) => {
    const framed = new FramedStream(stream, FRAME_BYTES_MAX)
    for (const frame of await answer(await framed.next(5_000))) await framed.send(frame)
    await framed.close()
  })
  await by.connect(nas)
}

test('what is no ask ends the stream, and nothing else', async () => {
  const bad = [
    new Uint8Array(0),
    Uint8Array.of(0xff),
    encodeCanonical('poster'),
    encodeCanonical([poster, 5, 'person', nothing]),
    encodeCanonical([poster, new Uint8Array(9).fill(1), 'person', nothing]),
    encodeCanonical([poster, Uint8Array.of(1), 'all', nothing]),
    encodeCanonical(['__proto__', Uint8Array.of(1), 'person', nothing]),
    encodeCanonical([poster, Uint8Array.of(1), 'person', 1]),
    encodeCanonical([poster, Uint8Array.of(1), 'person']),
    encodeCanonical([poster, Uint8Array.of(1), 'person', new Uint8Array(67)]),
    encodeCanonical([poster, Uint8Array.of(1), 'person', new Uint8Array(68)]),
    encodeCanonical([poster, Uint8Array.of(1), 'person', new Uint8Array(68 * (PAST_ROWS_MAX + 1)).fill(1)]),
    new Uint8Array(RIGHTS_ASK_BYTES_MAX + 1),
  ]
  for (const frame of bad) expect(await say(liar, frame)).toBeNull()
  const nowhere = `stock-${'a'.repeat(26)}`
  expect(await ask(nowhere, 1n, 'person')).toEqual({ amount: 0n, why: 'nothing-to-spare', commits: null })
})

test('money is not given to whoever asks for it', async () => {
  for (const reason of ['person', 'low', 'even', 'forecast'] as const)
    expect(await ask(eur, 1n, reason)).toEqual({ amount: 0n, why: 'not-shared', commits: null })
})

test('a right that had expired when it was given, and may not be passed on, is handed back by itself', async () => {
  const bound = unitOf({ code: 'BOUND', supply: 5n, relayMax: 0n, nonce: new Uint8Array(16).fill(3) })
  const unit = idOf(giver.signer.publicKey, bound)
  const to = giver.replica.history.keyOf(0).slice()
  const given: LedgerEntry = { t: 'transfer', to, unit, amount: 5n, expiresMs: 1 }
  giver.write(ledgerSection({ t: 'define', unit: bound }, move('issue', unit, 5), given))
  await giver.sync(nas)
  await until('it is handed back', async () => {
    const { units } = (await nas.api('GET', '/v1/ledger/units')) as {
      units: { id: string; sums: { returned: string } }[]
    }
    return units.find((it) => it.id === unit)?.sums.returned === '5'
  })
})

test('one answer brings the transfer with all that the asking device lacks of its past', async () => {
  const has = pastRows(giver.replica)
  for (let i = 0; i < 30; i += 1) await nas.set('news', `line ${i}`, 'x'.repeat(100))
  const before = giver.replica.history.length
  const [answer, records] = await fetched(
    giver,
    encodeAsk({ unit: poster, amount: 3n, reason: 'person', has }),
  )
  expect(answer).toEqual({ amount: 3n, why: null, commits: records.length })
  const result = giver.replica.ingest(records)
  expect(result.refused).toEqual([])
  expect(result.duplicates).toBe(0)
  expect(giver.replica.history.length - before).toBeGreaterThan(30)
  expect(giver.replica.spendable(poster)).toBe(203n)
  await giver.sync(nas)
})

test('whatever a device says that it has, it is sent no half: it gets what it asked for by sync then', async () => {
  const row = new Uint8Array(68).fill(0xff)
  const rows = new Uint8Array(68 * PAST_ROWS_MAX).fill(0xff)
  for (const has of [nothing, row, rows, pastRows(giver.replica).fill(0xff, 32, 36)]) {
    const [answer, records] = await fetched(
      liar,
      encodeAsk({ unit: poster, amount: 1n, reason: 'person', has }),
    )
    expect(answer.amount).toBe(1n)
    // Who says that it has longer chains than there are is sent nothing of them.
    expect(records.length).toBe(answer.commits ?? 0)
  }
})

test('four answers go out at once, and none is above 8 MiB: who comes beside them, or lacks more, is told that it comes by sync', async () => {
  const has = pastRows(liar.replica)
  const frame = encodeAsk({ unit: poster, amount: 1n, reason: 'person', has })
  const write = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) await nas.set('photos', `photo ${i % 3}`, 'x'.repeat(200_000))
  }
  await write(39)
  // They read no further than their windows are wide.
  const silent = await Promise.all(Array.from({ length: 4 }, async () => open(liar)))
  for (const it of silent) {
    await it.send(frame)
    expect(readAnswer(await it.next(10_000), 1n).commits).toBeGreaterThan(39)
  }
  expect(await ask(poster, 1n, 'person', has)).toEqual({ amount: 1n, why: null, commits: null })
  for (const it of silent) it.abort('done')
  await until('there is room again', async () => (await ask(poster, 1n, 'person', has))?.commits !== null)
  await write(4)
  expect(await ask(poster, 1n, 'person', has)).toEqual({ amount: 1n, why: null, commits: null })
  await liar.sync(nas)
  expect(liar.replica.spendable(poster)).toBeGreaterThan(506n)
  await giver.sync(nas)
})

test('the stream is cut behind the ask: the transfer stands, once, and comes by sync', async () => {
  const before = heldBy(liar.replica, liar.signer.publicKey, poster)
  const given = liar.replica.spendable(poster)
  const stream = await open(liar)
  await stream.send(encodeAsk({ unit: poster, amount: 2n, reason: 'person', has: nothing }))
  stream.abort('cut')
  await until('the transfer comes by sync', async () => {
    await liar.sync(nas)
    return liar.replica.spendable(poster) >= given + 2n
  })
  expect(heldBy(liar.replica, liar.signer.publicKey, poster)).toBe(before)
  liar.write()
  await liar.sync(nas)
})

test('a device of the version before is told so by name', async () => {
  const stream = await open(liar, RIGHTS_PROTOCOL_BEFORE)
  await stream.send(encodeCanonical([poster, Uint8Array.of(1), 'person']))
  expect(await stream.next(5_000)).toEqual(OTHER_VERSION_ANSWER)
  stream.abort('done')
})

test('who speaks the version before alone is passed over, by name', async () => {
  await liar.connect(nas)
  expect((await take('1')).from[0]).toEqual(['0', 'other-version'])
})

test('the commits behind an answer are checked as those of a session: what is wrong with them is a fault, and nothing is taken', async () => {
  const genesis = liar.replica.history.idOf(0)
  const stranger = liar.forge([])
  const commits = (records: readonly Uint8Array[], request = 0): Uint8Array =>
    encodeFrame({ kind: 'commits', request, records: [...records] })
  const bare = commits([unsigned(stranger).bytes])
  const cases: [string, number, Uint8Array[]][] = [
    ['no frame', 1, [Uint8Array.of(0xff)]],
    ['another frame', 1, [encodeFrame({ kind: 'root', root: genesis })]],
    ['of another request', 1, [commits([stranger.bytes], 1)]],
    ['more than said', 1, [commits([stranger.bytes, stranger.bytes])]],
    ['no record', 1, [commits([Uint8Array.of(0x80)])]],
    ['a bad signature', 1, [bare]],
  ]
  for (const [name, count, frames] of cases) {
    const before = await faultsOf(liar)
    await answering(liar, async () => [encodeAnswer({ amount: 1n, why: null, commits: count }), ...frames])
    const taken = await take('1')
    expect(taken.from[0], name).toEqual(['0', 'false-answer'])
    expect(await faultsOf(liar), name).toBe(before + 1)
  }
})

test('an answer that ends early and brings what was not asked for is no fault, and gives nothing', async () => {
  const before = await faultsOf(liar)
  const frame = encodeFrame({ kind: 'commits', request: 0, records: [liar.last.bytes] })
  await answering(liar, async () => [encodeAnswer({ amount: 1n, why: null, commits: 5 }), frame])
  expect((await take('1')).from[0]).toEqual(['0', 'not-arrived'])
  expect(await faultsOf(liar)).toBe(before)
})

test('what a device gives is here with its answer, without a word of sync', async () => {
  await answering(liar, async () => [encodeAnswer({ amount: 0n, why: 'nothing-to-spare', commits: null })])
  await answering(giver, async (frame) => {
    const asked = readAsk(frame, '')
    if (asked === null) throw new Error('no ask')
    const to = giver.replica.history.keyOf(0).slice()
    giver.write()
    giver.write(ledgerSection(hand(to, asked.unit, asked.amount)))
    const own = giver.stored.slice(-2)
    const records = own.map((it) => it.bytes)
    return [
      encodeAnswer({ amount: asked.amount, why: null, commits: own.length }),
      encodeFrame({ kind: 'commits', request: 0, records }),
    ]
  })
  const beganMs = performance.now()
  expect(await take('7')).toEqual({
    taken: '7',
    from: [
      ['0', 'nothing-to-spare'],
      ['7', null],
    ],
  })
  expect(performance.now() - beganMs).toBeLessThan(2_000)
  await giver.sync(nas)
})

test('who says that it gave, and did not, is passed over: the next one is asked', async () => {
  await answering(liar, async () => [encodeAnswer({ amount: 2n ** 63n - 1n, why: null, commits: null })])
  await answering(giver, async (frame) => {
    const asked = readAsk(frame, '')
    if (asked === null) throw new Error('no ask')
    // The first device of the log is the founder's.
    const to = giver.replica.history.keyOf(0).slice()
    giver.write(ledgerSection(hand(to, asked.unit, asked.amount)))
    await giver.sync(nas)
    return [encodeAnswer({ amount: asked.amount, why: null, commits: null })]
  })
  const held = heldBy(giver.replica, giver.signer.publicKey, poster)
  expect(await take('40')).toEqual({
    taken: '40',
    from: [
      ['0', 'not-arrived'],
      ['40', null],
    ],
  })
  expect(heldBy(giver.replica, giver.signer.publicKey, poster)).toBe(held - 40n)
})
