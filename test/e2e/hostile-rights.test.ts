import type { Stream } from '@libp2p/interface'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeCanonical } from '#protocol/encoding'
import { RIGHTS_FRAME_BYTES_MAX, encodeAnswer, encodeAsk, readAnswer, readAsk } from '#protocol/ledger'
import type { AskReason, LedgerEntry, RightsAnswer } from '#protocol/ledger'
import { FramedStream } from '#node/mesh'
import { HostileMember } from '../actors/hostile-member.ts'
import { hand, heldBy, idOf, ledgerSection, move, unitOf } from '../actors/ledger-hand.ts'
import type { NodeProcess } from '../actors/node-process.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

/** As a node has it. */
const RIGHTS_PROTOCOL = '/coopmesh/rights/1'

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
  const connection = await by.connect(nas)
  const stream = new FramedStream(await connection.newStream(RIGHTS_PROTOCOL), RIGHTS_FRAME_BYTES_MAX)
  await stream.send(frame)
  const answer = await stream.next(5_000).catch(() => null)
  stream.abort('done')
  return answer === null ? null : readAnswer(answer, 2n ** 63n - 1n)
}

async function ask(unit: string, amount: bigint, reason: AskReason): Promise<RightsAnswer | null> {
  return say(liar, encodeAsk({ unit, amount, reason }))
}

/** Answers what the node asks of a device. */
async function answering(
  by: HostileMember,
  answer: (frame: Uint8Array) => Promise<Uint8Array>,
): Promise<void> {
  await by.peer.libp2p.handle(RIGHTS_PROTOCOL, async (stream: Stream) => {
    const framed = new FramedStream(stream, RIGHTS_FRAME_BYTES_MAX)
    await framed.send(await answer(await framed.next(5_000)))
  })
  await by.connect(nas)
}

test('what is no ask ends the stream, and nothing else', async () => {
  const bad = [
    new Uint8Array(0),
    Uint8Array.of(0xff),
    encodeCanonical('poster'),
    encodeCanonical([poster, 5, 'person']),
    encodeCanonical([poster, new Uint8Array(9).fill(1), 'person']),
    encodeCanonical([poster, Uint8Array.of(1), 'all']),
    encodeCanonical(['__proto__', Uint8Array.of(1), 'person']),
    encodeCanonical([poster, Uint8Array.of(1), 'person', 1]),
    new Uint8Array(RIGHTS_FRAME_BYTES_MAX + 1),
  ]
  for (const frame of bad) expect(await say(liar, frame)).toBeNull()
  const nowhere = `stock-${'a'.repeat(26)}`
  expect(await ask(nowhere, 1n, 'person')).toEqual({ amount: 0n, why: 'nothing-to-spare' })
})

test('money is not given to whoever asks for it', async () => {
  for (const reason of ['person', 'low', 'even', 'forecast'] as const)
    expect(await ask(eur, 1n, reason)).toEqual({ amount: 0n, why: 'not-shared' })
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

test('who says that it gave, and did not, is passed over: the next one is asked', async () => {
  await answering(liar, async () => encodeAnswer({ amount: 2n ** 63n - 1n, why: null }))
  await answering(giver, async (frame) => {
    const asked = readAsk(frame, '')
    if (asked === null) throw new Error('no ask')
    // The first device of the log is the founder's.
    const to = giver.replica.history.keyOf(0).slice()
    giver.write(ledgerSection(hand(to, asked.unit, asked.amount)))
    await giver.sync(nas)
    return encodeAnswer({ amount: asked.amount, why: null })
  })
  const taken = (await nas.api('POST', '/v1/ledger/take', { unit: 'POSTER', amount: '40' })) as {
    taken: string
    from: { amount: string; why: string | null }[]
  }
  expect(taken.from.map(({ amount, why }) => [amount, why])).toEqual([
    ['0', 'not-arrived'],
    ['40', null],
  ])
  expect(taken.taken).toBe('40')
  expect(heldBy(giver.replica, giver.signer.publicKey, poster)).toBe(160n)
})
