import { decodeRecords } from '#protocol/commit'
import { COOP_KINDS } from '#protocol/coop'
import { DocumentRegistry } from '#protocol/document'
import { FOUNDING } from '#protocol/evaluation'
import type { Evaluation } from '#protocol/evaluation'
import { nodeCrypto } from '#node/crypto'
import { perSecond, printFigure } from './figure.ts'
import { SalesLog } from './sales-log.ts'
import type { Sale } from './sales-log.ts'

const ENTRIES = Number(process.env['BENCH_ENTRIES'] ?? 1_000_000)
const DEVICES = 20
/** Commits made at once, before the clock runs. */
const BLOCK_COMMITS = 5_000

const registry = new DocumentRegistry(COOP_KINDS)
const { sha256 } = nodeCrypto()

/** Wall time and time of all cores, of several stretches. */
class Stopwatch {
  wallMs = 0
  cpuUs = 0

  time(run: () => void): void {
    const cpu = process.cpuUsage()
    const startMs = performance.now()
    run()
    this.wallMs += performance.now() - startMs
    const { user, system } = process.cpuUsage(cpu)
    this.cpuUs += user + system
  }
}

/**
 * A ledger of sales taken up by an evaluation: from decoded entries, and beside it from the encoded records; the memory that
 * takes, and going on from what the evaluation saved.
 */
export async function benchFoldLedger(): Promise<void> {
  const log = new SalesLog(DEVICES)
  const held: { evaluation: Evaluation | null } = { evaluation: log.evaluation() }
  const encoded = log.evaluation()
  const [fold, endToEnd] = [new Stopwatch(), new Stopwatch()]
  let entries = 0
  for (let sales = log.first(); entries < ENTRIES; sales = log.more(BLOCK_COMMITS)) {
    const bytes = sales.map(({ record }) => record.bytes)
    fold.time(() => take(held.evaluation, sales))
    endToEnd.time(() => takeRecords(encoded, bytes))
    entries += sales.reduce((sum, { acts }) => sum + acts.length, 0)
  }
  const { length } = encoded
  for (const evaluation of [held.evaluation, encoded])
    if (evaluation?.totals(log.stock).used !== BigInt(length - DEVICES)) throw new Error('sales are missing')
  const figures = [
    { name: 'fold of decoded ledger entries', stopwatch: fold, limit: 'limit 300,000/s; ' },
    { name: '  from encoded records', stopwatch: endToEnd, limit: 'no signatures checked; ' },
  ]
  for (const { name, stopwatch, limit } of figures) {
    const perCommit = `${(stopwatch.cpuUs / length).toFixed(2)} µs of all cores a commit`
    printFigure(name, `${perSecond((1_000 * entries) / stopwatch.wallMs)} entries/s`, limit + perCommit)
  }
  printOpening(log, encoded)
  printMemory(held, length)
}

function take(evaluation: Evaluation | null, sales: readonly Sale[]): void {
  if (evaluation === null) return
  for (const { acts } of sales) evaluation.append(evaluation.length, FOUNDING, acts)
}

function takeRecords(evaluation: Evaluation, bytes: readonly Uint8Array[]): void {
  const decoded = decodeRecords(bytes, sha256)
  if (!decoded.ok) throw new Error(decoded.refusal)
  for (const record of decoded.records)
    evaluation.append(evaluation.length, FOUNDING, registry.actsOf(record, sha256))
}

/** What the heap gives back once the evaluation is gone. */
function printMemory(held: { evaluation: Evaluation | null }, length: number): void {
  if (globalThis.gc === undefined) return
  const full = memoryUsed()
  held.evaluation = null
  const bytes = (full - memoryUsed()) / length
  printFigure(
    '  memory of the evaluation',
    `${Math.round(bytes)} bytes a commit`,
    `${perSecond(length)} commits`,
  )
}

function memoryUsed(): number {
  // The second one takes what finalisers of the first let go.
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Goes on from what an evaluation saved: what a node does that opens, besides restoring its history. */
function printOpening(log: SalesLog, saved: Evaluation): void {
  const bytes = saved.save()
  const opening = new Stopwatch()
  opening.time(() => {
    if (log.restored(bytes).length !== saved.length) throw new Error('not all is restored')
  })
  const cpuMs = `${(opening.cpuUs / 1_000).toFixed(1)} ms of all cores`
  printFigure('  opened from what it saved', `${opening.wallMs.toFixed(1)} ms`, `limit 200 ms; ${cpuMs}`)
}
