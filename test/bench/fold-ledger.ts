import { Evaluation, FOUNDING } from '#protocol/evaluation'
import type { Act, EvaluationInit } from '#protocol/evaluation'
import { History } from '#protocol/history'
import { perSecond, printFigure } from './figure.ts'

const ENTRIES = Number(process.env['BENCH_ENTRIES'] ?? 1_000_000)
const DEVICES = 20
const ROUNDS = 3
const BLOCK_COMMITS = 5_000
/** One commit in so many passes on what it earned, and the receiver accepts it with its next commit. */
const TRANSFER_EVERY = 10
const [STOCK, MONEY] = ['stock-0123456789abcdefghijklmnop', 'money-0123456789abcdefghijklmnop']

/** A till's log: sales of one piece for ten cents by 20 devices that acknowledge each other. */
class SalesLog {
  readonly history: History = new History(1)
  readonly #heads: number[] = []
  readonly #names = Array.from({ length: DEVICES }, (_, device) => nameOf(keyOf(device)))
  #sales = 0

  constructor() {
    this.#write(0, [])
    for (let device = 1; device < DEVICES; device += 1) this.#write(device, [0])
  }

  /** What the first commits do: the first one defines the units. */
  get founding(): (readonly Act[])[] {
    return this.#names.map((_, device) => (device === 0 ? [define(STOCK), define(MONEY)] : []))
  }

  /** The next commits; what each does for the books. */
  more(commits: number): (readonly Act[])[] {
    return Array.from({ length: commits }, () => this.#sell())
  }

  #sell(): readonly Act[] {
    const sale = this.#sales
    this.#sales += 1
    const device = sale % DEVICES
    const acts: Act[] = [
      { kind: 'fact', unit: STOCK, amount: 1n, into: `${STOCK}-` },
      { kind: 'fact', unit: `${MONEY}+`, amount: 10n, into: MONEY },
    ]
    const to = this.#names[(device + 1) % DEVICES] ?? ''
    if (sale % TRANSFER_EVERY === 0) acts.push({ kind: 'transfer', to, unit: MONEY, amount: 5n })
    const heads = new Set(
      [device + DEVICES - 1, device + 1 + ((sale / DEVICES) | 0) * 7].map((it) => it % DEVICES),
    )
    heads.delete(device)
    this.#write(
      device,
      [...heads].map((it) => this.#heads[it] ?? 0),
    )
    return acts
  }

  /** An evaluation of none of it, in which all hold enough. */
  evaluation(): Evaluation {
    const founding = this.#names.flatMap((device) =>
      [STOCK, `${MONEY}+`].map((unit) => ({ device, unit, amount: 10_000_000n })),
    )
    return new Evaluation({ ...this.#init, founding })
  }

  restored(bytes: Uint8Array): Evaluation {
    const evaluation = Evaluation.restore(bytes, this.#init)
    if (evaluation === null) throw new Error('what was saved is not restored')
    return evaluation
  }

  get #init(): EvaluationInit {
    return { graph: this.history, keyOf: (device) => this.#names[device] ?? '', demandsUnits: true }
  }

  #write(device: number, seen: readonly number[]): void {
    const { history } = this
    const prev = this.#heads[device] ?? -1
    const seq = prev < 0 ? 0 : history.seqOf(prev) + 1
    this.#heads[device] = history.add({ device: keyOf(device), seq, id: keyOf(history.length), prev, seen })
  }
}

/** Decoded entries of a ledger taken up by an evaluation: how many a second, and the memory they cost. */
export async function benchFoldLedger(): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const log = new SalesLog()
    let evaluation = log.evaluation()
    let entries = 0
    let [wallMs, cpuUs] = [0, 0]
    for (let acts = log.founding; entries < ENTRIES; acts = log.more(BLOCK_COMMITS)) {
      const cpu = process.cpuUsage()
      const startMs = performance.now()
      for (const of of acts) evaluation.append(evaluation.length, FOUNDING, of)
      wallMs += performance.now() - startMs
      const { user, system } = process.cpuUsage(cpu)
      cpuUs += user + system
      entries += acts.reduce((sum, it) => sum + it.length, 0)
    }
    const { length } = evaluation
    if (evaluation.totals(STOCK).used !== BigInt(length - DEVICES)) throw new Error('sales are missing')
    open(log, evaluation)
    const full = memoryUsed()
    evaluation = log.evaluation()
    const bytes = full - memoryUsed()
    printFigure(
      'fold of decoded ledger entries',
      `${perSecond(entries / (wallMs / 1_000))} entries/s`,
      `limit 300,000; ${perSecond(entries / (cpuUs / 1e6))} a second of all cores; ${(cpuUs / length).toFixed(2)} µs a commit`,
    )
    const memory = `${Math.round(bytes / length)} bytes a commit`
    if (globalThis.gc !== undefined)
      printFigure('  memory', memory, `${perSecond(length)} commits of 2 or 3 entries`)
  }
}

/** Goes on from what an evaluation saved: what a node does that opens, besides restoring its history. */
function open(log: SalesLog, saved: Evaluation): void {
  const bytes = saved.save()
  const startMs = performance.now()
  const cpu = process.cpuUsage()
  if (log.restored(bytes).length !== saved.length) throw new Error('not all is restored')
  const ms = performance.now() - startMs
  const { user, system } = process.cpuUsage(cpu)
  printFigure(
    '  opened from what it saved',
    `${ms.toFixed(1)} ms`,
    `limit 200 ms; ${((user + system) / 1_000).toFixed(1)} ms of all cores; ${bytes.length} bytes`,
  )
}

function memoryUsed(): number {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function define(unit: string): Act {
  return { kind: 'define', unit, supply: 0n, relayMax: null, definition: new Uint8Array(200) }
}

function keyOf(number: number): Uint8Array {
  const key = new Uint8Array(32)
  new DataView(key.buffer).setUint32(0, number)
  return key
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key).toString('hex')
}
