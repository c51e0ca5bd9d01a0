import { decodeRecords } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { foundCoop, openReplica } from '#protocol/coop'
import { EventState, decidePass, issueTickets } from '#protocol/event'
import type { IssuedBytes } from '#protocol/event'
import { decodeTicket } from '#protocol/tickets'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { seededRandom } from '#simulations/mesh'
import { must } from '../actors/coop-actors.ts'
import { DOORS_MS, eventSection, gateOf, makeEvent, scanId } from '../actors/gate-hand.ts'
import { percentile, perSecond, printFigure } from './figure.ts'

const TICKETS = Number(process.env['BENCH_TICKETS'] ?? 100_000)
const SCANS = 20_000
const crypto = nodeCrypto()

/**
 * An event with a hundred thousand tickets: issuing them, taking their log up at a gate (decoding, books and the fold of the
 * event), and what a gate decides about those that are shown, with their admissions written but not synced.
 */
export async function benchGateOpen(): Promise<void> {
  const random = seededRandom(1)
  const signer = nodeSigner(random.bytes(32))
  const founding = must(
    foundCoop(
      {
        ...{ name: 'North Market', memberName: 'Ada', deviceName: 'nas', nowMs: 0, slots: 4 },
        ...{ kit: nodeSigner(random.bytes(32)), nonce: random.bytes(16), device: signer },
      },
      crypto,
    ),
  )
  const { coop, replica } = founding
  const log: CommitRecord[] = founding.stored.map((it) => it.record)
  const desk = {
    replica,
    author(sections: Parameters<typeof replica.author>[0]) {
      const result = replica.author(sections, 1_000)
      if (result.ok) log.push(...result.stored.map((it) => it.record))
      return result
    },
  }
  const made = makeEvent(desk, signer, { seats: TICKETS, groups: ['North'] })
  const bucket = made.buckets.get('North') ?? ''
  const order = {
    ids: { coop, event: made.event, class: made.class, bucket },
    ...{ id: scanId(1), first: 0, count: TICKETS, validity: null, holder: null, details: [], price: null },
  }
  let startMs = performance.now()
  const batch = must(issueTickets(order, signer, crypto.sha256))
  for (const entry of batch.entries) must(desk.author([eventSection(made.event, entry)]))
  const issueMs = performance.now() - startMs
  printFigure(
    `issuing ${TICKETS.toLocaleString('en')} tickets`,
    `${Math.round(issueMs)} ms`,
    `${perSecond((1_000 * TICKETS) / issueMs)}/s; limit 1,250/s; nothing is written to disk`,
  )
  const bytes = log.map((it) => it.bytes)
  startMs = performance.now()
  const gate = openReplica({ coop, crypto, signer })
  for (const record of must(decodeRecords(bytes, crypto.sha256)).records)
    if (!gate.load(record, true)) throw new Error('the log does not load')
  const state = gate.document(made.event)
  if (!(state instanceof EventState) || state.tally().sold !== TICKETS) throw new Error('tickets are missing')
  const openMs = performance.now() - startMs
  printFigure(
    `opening an event of ${TICKETS.toLocaleString('en')} tickets`,
    `${Math.round(openMs)} ms`,
    'from the bytes of its log to the first figure; limit 2,000 ms',
  )
  printScans({ replica: gate, author: (sections) => gate.author(sections, 1_000) }, made, batch.tickets)
}

function printScans(
  desk: Parameters<typeof makeEvent>[0],
  made: ReturnType<typeof makeEvent>,
  tickets: readonly IssuedBytes[],
): void {
  const decisionsMs: number[] = []
  const allMs: number[] = []
  for (let i = 0; i < SCANS; i += 1) {
    const startMs = performance.now()
    const { decoded } = must(decodeTicket(tickets[i]?.bytes ?? new Uint8Array()))
    const decision = decidePass(gateOf(desk, made, { nowMs: DOORS_MS }), decoded, false, scanId(i))
    decisionsMs.push(performance.now() - startMs)
    if (!decision.ok) throw new Error(decision.verdict)
    must(desk.author([eventSection(made.event, decision.entry)]))
    allMs.push(performance.now() - startMs)
  }
  const figures = [
    { name: '  a ticket decided on', times: decisionsMs, limit: 'limit 2 ms at p99 and 3,000/s' },
    { name: '  decided and signed', times: allMs, limit: 'not synced to disk' },
  ]
  for (const { name, times, limit } of figures) {
    const sumMs = times.reduce((total, it) => total + it, 0)
    const p99 = percentile(times, 99).toFixed(2)
    printFigure(name, `${perSecond((1_000 * times.length) / sumMs)}/s`, `p99 ${p99} ms; ${limit}`)
  }
}
