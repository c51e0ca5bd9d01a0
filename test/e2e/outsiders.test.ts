import type { Connection } from '@libp2p/interface'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeRecords } from '#protocol/commit'
import { toHex } from '#protocol/encoding'
import { FRAME_BYTES_MAX, decodeFrame, encodeFrame, prefixFrame } from '#protocol/sync'
import type { Frame } from '#protocol/sync'
import { ASSET_PROTOCOL } from '#node/assets'
import { FramedStream, PROOF_PROTOCOL, SYNC_PROTOCOL, VISITS_PER_DEVICE_MAX } from '#node/mesh'
import { attacks } from '#simulations/adversaries'
import type { Attack, Insider } from '#simulations/adversaries'
import { listSection } from '../actors/coop-actors.ts'
import { HostileMember } from '../actors/hostile-member.ts'
import type { NodeProcess } from '../actors/node-process.ts'
import { RawPeer } from '../actors/raw-peer.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

/** Once in so long a device outside is served. */
const SERVED_EVERY_MS = 2_000
/** The node notes it a little later than the test. */
const SLACK_MS = 800

let bench: Workbench
let nas: NodeProcess
/** Goes on working while the other attacks. */
let venue: NodeProcess
/** Removed while it was away. */
let thief: HostileMember
const seed = new Uint8Array(32).fill(77)
let count = 0
let servedAtMs = 0

beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas')
  venue = await bench.join('venue', nas)
  thief = await HostileMember.admit(nas, 'member', 'thief', seed)
  thief.write(listSection('before', thief.crypto.sha256))
  await thief.sync(nas)
  await nas.api('POST', '/v1/proposals', { changes: [{ kind: 'remove', member: 'thief' }], reason: 'theft' })
  await until('it is removed', async () => (await stateOf()) === 'closed')
  await nas.set('plans', 'summer', 'a secret')
})
afterAll(async () => {
  await thief?.close()
  await bench.close()
})

async function stateOf(): Promise<string | undefined> {
  return (await nas.peers()).find((it) => it.device === thief.id)?.state
}

async function commitsOfThief(): Promise<number> {
  const { members } = (await nas.api('GET', '/v1/members')) as {
    members: { devices: { device: string; commits: number }[] }[]
  }
  return members.flatMap((it) => it.devices).find((it) => it.device === thief.id)?.commits ?? -1
}

/** What the venue writes is on the NAS soon, whatever happens meanwhile. */
async function expectNews(): Promise<void> {
  count += 1
  const value = `news ${count}`
  await venue.set('good', 'news', value)
  const startMs = Date.now()
  await until('the news arrive', async () => {
    const fields = await nas.fields('good').catch((): Record<string, unknown> => ({}))
    return fields['news'] === value
  })
  expect(Date.now() - startMs).toBeLessThan(5_000)
}

/** Waits until the NAS serves the device again. */
async function untilServed(): Promise<void> {
  await sleep(Math.max(0, servedAtMs + SERVED_EVERY_MS + SLACK_MS - Date.now()))
  servedAtMs = Date.now()
}

/** Reads frames until the other side ends the stream. */
async function* framesOf(stream: FramedStream): AsyncGenerator<Frame> {
  for (;;) {
    const bytes = await stream.next(15_000).catch(() => null)
    if (bytes === null) return
    const decoded = decodeFrame(bytes)
    if (decoded.ok) yield decoded.frame
  }
}

const known = (): Uint8Array[] => thief.replica.heads.rows(nasKey()[0] ?? 0).map((it) => it.id)
const nasKey = (): Uint8Array => thief.replica.history.keyOf(0)

/** Asks for a chain of the NAS up to its end: the rows that it names. */
async function asked(
  change: Partial<Extract<Frame, { kind: 'want' }>>,
): Promise<{ records: Uint8Array[]; kinds: Set<string> }> {
  await untilServed()
  const stream = await thief.open(nas)
  const records: Uint8Array[] = []
  const kinds = new Set<string>()
  await stream.send(encodeFrame(thief.hello()))
  for await (const frame of framesOf(stream)) {
    kinds.add(frame.kind)
    if (frame.kind === 'digests') {
      // As if everything were missing: all rows are named.
      const round = { kind: 'digests', round: frame.round + 1, digests: new Uint8Array(1_024) } as const
      await stream.send(encodeFrame({ kind: 'brief', round: frame.round, buckets: [] }))
      await stream.send(encodeFrame(round))
    } else if (frame.kind === 'brief') {
      const rows = frame.buckets.flatMap((it) => ('rows' in it ? it.rows : []))
      const wants = rows
        .filter((it) => toHex(it.device) === toHex(nasKey()))
        .map((it) => ({ device: it.device, to: it.id, have: known() }))
      const want = { kind: 'want', request: 1, isUrgentOnly: true, limit: 1_000, wants, ...change } as const
      await stream.send(encodeFrame(want))
    } else if (frame.kind === 'commits') records.push(...frame.records)
    else if (frame.kind === 'done') {
      await stream.close()
      break
    }
  }
  return { records, kinds }
}

test('a device outside gets acts of authority with their past, and nothing that is written in boards', async () => {
  const { records } = await asked({})
  const decoded = decodeRecords(records, thief.crypto.sha256)
  if (!decoded.ok) throw new Error(decoded.refusal)
  expect(decoded.records.length).toBeGreaterThan(0)
  const sections = decoded.records.flatMap(({ header, payloads }) =>
    header.sections.map((it, i) => [it.document, payloads[i] !== null] as const),
  )
  expect(sections.some(([document, isHere]) => document === 'authority' && isHere)).toBe(true)
  expect(sections.filter(([document, isHere]) => document.startsWith('board/') && isHere)).toEqual([])
})

test('a device outside that asks for more is cut without an answer', async () => {
  const { records, kinds } = await asked({ isUrgentOnly: false })
  expect([records, kinds.has('done')]).toEqual([[], false])
  await untilServed()
  const stream = await thief.open(nas)
  await stream.send(encodeFrame(thief.hello()))
  const ids = [new Uint8Array(32)]
  await stream.send(encodeFrame({ kind: 'fetch', request: 1, document: 'board/plans', ids }))
  for await (const frame of framesOf(stream)) expect(frame.kind).not.toBe('payloads')
  expect(stream.hasEnded).toBe(true)
  expect((await nas.peers()).find((it) => it.device === thief.id)?.lastClose).toMatch(/^outside/)
})

test('no other protocol says a byte to a device outside', async () => {
  const connection = await thief.connect(nas)
  const short = toHex(thief.replica.coop.subarray(0, 8))
  const protocols = [
    ...[ASSET_PROTOCOL, PROOF_PROTOCOL, '/meshsub/1.2.0', '/floodsub/1.0.0', `/coopmesh/kad/1/${short}`],
    ...['/coopmesh/id/1.0.0', '/coopmesh/id/push/1.0.0', '/ipfs/id/1.0.0', '/ipfs/ping/1.0.0'],
  ]
  const probes = await Promise.all(
    protocols.map(async (it) => [it, await thief.peer.probe(connection, it, new Uint8Array(32))] as const),
  )
  for (const [protocol, { bytes }] of probes) expect([protocol, bytes]).toEqual([protocol, 0])
  await connection.close()
})

test('what it wrote is taken, and not accepted', async () => {
  const before = await commitsOfThief()
  await untilServed()
  const sold = [1, 2, 3].map((it) => {
    thief.write(listSection(`sold ${it}`, thief.crypto.sha256))
    return thief.last
  })
  expect(await thief.offer(nas, sold)).toBe(true)
  await until('it is here', async () => (await commitsOfThief()) === before + 3)
  const { assets } = (await nas.api('GET', '/v1/assets')) as { assets: { name: string }[] }
  expect(assets.map((it) => it.name)).not.toContain('sold 1')
})

test('an honest device outside hands in all that it has, although the others have news that it may not have', async () => {
  const before = await commitsOfThief()
  for (let i = 0; i < 50; i += 1) thief.write(listSection(`sale ${i}`, thief.crypto.sha256))
  await untilServed()
  // It asks for the news, as it would ask anybody, and is cut for it, but not before it was listened to.
  await thief.sync(nas).catch((cause: unknown) => expect(String(cause)).toMatch(/closed/))
  await until('all is here', async () => (await commitsOfThief()) === before + 50)
  expect((await nas.peers()).find((it) => it.device === thief.id)?.lastClose).toMatch(/^outside/)
})

test('a device outside has two places', async () => {
  const copies = await Promise.all(
    Array.from({ length: VISITS_PER_DEVICE_MAX + 3 }, async () =>
      RawPeer.create({ seed, coop: thief.replica.coop }),
    ),
  )
  try {
    const address = await nas.address()
    const visits = await Promise.all(copies.map(async (it) => it.connect(address).catch(() => null)))
    const open = (): Connection[] => visits.filter((it) => it?.status === 'open') as Connection[]
    await until('no more than two are in', () => open().length <= VISITS_PER_DEVICE_MAX)
    await expectNews()
  } finally {
    await Promise.all(copies.map(async (it) => it.close()))
  }
})

test('frames without end, and bytes without end, cost it the connection and others nothing', async () => {
  const part = new Uint8Array(FRAME_BYTES_MAX)
  const garbage = prefixFrame(part)
  const endless = garbage.subarray(0, garbage.length - 1)
  for (const bytes of [garbage, endless]) {
    const connection = await thief.connect(nas)
    await untilServed()
    const stream = await connection.newStream(SYNC_PROTOCOL)
    const send = async (): Promise<void> => {
      for (let i = 0; i < 8 && connection.status === 'open' && stream.status === 'open'; i += 1) {
        stream.send(bytes)
        await sleep(20)
      }
    }
    await Promise.all([send(), expectNews()])
    await until('it is cut', () => stream.status !== 'open', 12_000)
    await connection.close()
  }
})

const ATTACKS: [string, (insider: Insider) => Attack][] = [
  ['endless commits', attacks.endlessCommits],
  ['promises of commits that never come', attacks.emptyPromises],
  ['requests for all that the authority document needs, over and over', attacks.urgentWalks],
]

for (const [name, attack] of ATTACKS) {
  test(`${name}: a device outside is cut, and others go on`, async () => {
    const insider = await thief.insider(nas)
    await untilServed()
    const startMs = Date.now()
    const [said] = await Promise.all([thief.attack(nas, attack(insider)), expectNews()])
    expect(said).toBeGreaterThan(1)
    // No visit lasts longer.
    expect(Date.now() - startMs).toBeLessThan(13_000)
  })
}
