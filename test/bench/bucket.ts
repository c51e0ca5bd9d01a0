import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Connection } from '@libp2p/interface'
import { decodeRecords } from '#protocol/commit'
import { encodeAsk, readAnswer } from '#protocol/ledger'
import { FRAME_BYTES_MAX, decodeFrame, pastRows } from '#protocol/sync'
import type { ScanView } from '#node/host'
import { FramedStream } from '#node/mesh'
import { HostileMember } from '../actors/hostile-member.ts'
import { hand, ledgerSection } from '../actors/ledger-hand.ts'
import { RawPeer } from '../actors/raw-peer.ts'
import { until } from '../actors/until.ts'
import type { NodeProcess } from '../actors/node-process.ts'
import { Workbench } from '../actors/workbench.ts'
import { percentile, printFigure } from './figure.ts'

const REDEMPTIONS = [1_000, 10_000]
/** The raw stream is short: its median counts. */
const RAW_RUNS = 9
const LANES = 50
/** Commits that are taken at a time: a batch of a session. */
const AT_ONCE = 2_000

/**
 * A bucket is fetched by a device that lacks so many admissions from it: by its answer alone (the asking side in memory), and
 * by a node that hears the other again after a cut-off, with a person waiting; beside a raw stream of as many bytes from another process.
 */
export async function benchBucket(): Promise<void> {
  for (const count of REDEMPTIONS) await benchFetch(count)
}

async function benchFetch(count: number): Promise<void> {
  const bench = await Workbench.open()
  const worker = fork(new URL('raw-worker.ts', import.meta.url))
  const [{ address }] = (await once(worker, 'message')) as [{ address: string }]
  try {
    const { gate, other, asker, path, bucket, texts } = await opened(bench, count)
    await lanes(count, async (i) => scan(gate, { path, text: texts[i] ?? '', gate: 'North' }))
    const figures = await fetched(asker, gate, bucket)
    const rawMs = await raw(address, figures.bytes)
    const size = `${(figures.bytes / 1e6).toFixed(1)} MB`
    printFigure(
      `bucket with ${count.toLocaleString('en')} admissions, last byte`,
      `${figures.lastMs.toFixed(0)} ms`,
      `1 round trip, ${figures.commits} commits, ${size}; raw stream ${rawMs.toFixed(1)} ms (${(figures.lastMs / rawMs).toFixed(1)} times); answer ${figures.headMs.toFixed(0)} ms`,
    )
    printFigure('  and all taken in, in memory', `${figures.takenMs.toFixed(0)} ms`, `${figures.held} held`)
    // Back to the gate, which hears of that by sync.
    await giveBack(asker, gate, bucket)
    const beganMs = performance.now()
    await other.api('POST', '/v1/mesh', { state: 'running' })
    await until('the gate is in reach', async () => {
      const view = (await other.api('GET', path)) as {
        groups: { buckets: { state: string; holder: { deviceName: string } | null }[] }[]
      }
      return view.groups[0]?.buckets[0]?.state === 'reachable'
    })
    const reachMs = performance.now() - beganMs
    const passed = await scan(other, { path, text: texts[count] ?? '', gate: 'South', fetch: true })
    printFigure(
      '  by a node, from the scan to the verdict',
      `${passed.tookMs.toFixed(0)} ms`,
      `${passed.verdict}; asked ${reachMs.toFixed(0)} ms after the mesh was back, with sync under way beside it`,
    )
  } finally {
    worker.send('stop')
    await bench.close()
  }
}

interface Opened {
  gate: NodeProcess
  other: NodeProcess
  asker: HostileMember
  path: string
  bucket: string
  texts: string[]
}

/** A gate that holds a bucket with tickets, a node that was cut off before the first admission, and a device that asks. */
async function opened(bench: Workbench, count: number): Promise<Opened> {
  const gate = await bench.found('gate')
  const other = await bench.join('other', gate)
  const startsMs = Date.now() - 60_000
  const made = (await gate.api('POST', '/v1/ticketing/events', {
    ...{ name: 'Bench', startsMs, endsMs: startsMs + 8 * 3_600_000 },
  })) as { event: string }
  const path = `/v1/ticketing/events/${made.event}`
  const prices = [{ currency: 'EUR', amount: '12.00' }]
  await gate.api('POST', `${path}/classes`, { name: 'Standing', seats: count + 10, prices })
  const { buckets } = (await gate.api('POST', `${path}/buckets`, { group: 'North' })) as { buckets: string[] }
  const texts: string[] = []
  for (let left = count + 10; left > 0; left -= 1_000) {
    const body = { class: 'Standing', count: Math.min(1_000, left), id: newId() }
    const { tickets } = (await gate.api('POST', `${path}/tickets`, body)) as { tickets: { text: string }[] }
    for (const { text } of tickets) texts.push(text)
  }
  const asker = await HostileMember.admit(gate, 'member', 'asker')
  await until('the other knows all', async () =>
    other.api('GET', path).then(
      (it) => (it as { stats: { sold: number } }).stats.sold === texts.length,
      () => false,
    ),
  )
  await asker.sync(gate)
  await other.api('POST', '/v1/mesh', { state: 'paused' })
  return { gate, other, asker, path, bucket: buckets[0] ?? '', texts }
}

/** Fetches the bucket by one ask, over a connection that is there. */
async function fetched(
  asker: HostileMember,
  gate: NodeProcess,
  bucket: string,
): Promise<{
  headMs: number
  lastMs: number
  takenMs: number
  bytes: number
  commits: number
  held: bigint
}> {
  const connection = await asker.connect(gate)
  const beganMs = performance.now()
  const stream = await openStream(connection, '/coopmesh/rights/2')
  const ask = { unit: bucket, amount: 1n, reason: 'person' as const, has: pastRows(asker.replica) }
  await stream.send(encodeAsk(ask))
  const answer = readAnswer(await stream.next(60_000), 1n)
  const headMs = performance.now() - beganMs
  const records: Uint8Array[] = []
  while (records.length < (answer.commits ?? 0)) {
    const decoded = decodeFrame(await stream.next(60_000))
    if (!decoded.ok || decoded.frame.kind !== 'commits') throw new Error('no commits')
    records.push(...decoded.frame.records)
  }
  const lastMs = performance.now() - beganMs
  stream.abort('done')
  for (let at = 0; at < records.length; at += AT_ONCE) {
    const read = decodeRecords(records.slice(at, at + AT_ONCE), asker.crypto.sha256)
    if (!read.ok) throw new Error(read.refusal)
    asker.take(read.records)
  }
  const takenMs = performance.now() - beganMs
  const held = asker.replica.spendable(bucket)
  return { headMs, lastMs, takenMs, bytes: stream.bytesIn, commits: records.length, held }
}

async function giveBack(asker: HostileMember, gate: NodeProcess, bucket: string): Promise<void> {
  // The first device of the log is the founder's.
  const to = asker.replica.history.keyOf(0).slice()
  asker.write(ledgerSection(hand(to, bucket, 1)))
  await asker.sync(gate)
}

/** As many bytes over a raw stream from another process, ms: the median of some runs. */
async function raw(address: string, bytes: number): Promise<number> {
  const peer = await RawPeer.create({ seed: new Uint8Array(randomBytes(32)), coop: new Uint8Array(32) })
  try {
    const connection = await peer.connect(address)
    const took: number[] = []
    for (let run = 0; run < RAW_RUNS; run += 1) {
      const beganMs = performance.now()
      const stream = await openStream(connection, '/bench/raw/1')
      await stream.send(new TextEncoder().encode(String(bytes)))
      for (let left = bytes; left > 0;) left -= (await stream.next(60_000)).length
      took.push(performance.now() - beganMs)
      stream.abort('done')
    }
    return percentile(took, 50)
  } finally {
    await peer.close()
  }
}

async function openStream(connection: Connection, protocol: string): Promise<FramedStream> {
  return new FramedStream(await connection.newStream(protocol), FRAME_BYTES_MAX)
}

async function scan(
  node: NodeProcess,
  { path, ...shown }: { path: string; text: string; gate: string; fetch?: boolean },
): Promise<ScanView> {
  const body = { ...shown, direction: 'in', id: newId() }
  const view = (await node.api('POST', `${path}/scans`, body)) as ScanView
  if (!view.ok) throw new Error(view.verdict)
  return view
}

async function lanes(count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) {
      next += 1
      await work(next - 1)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

function newId(): string {
  return randomBytes(16).toString('hex')
}
