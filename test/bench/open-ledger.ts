import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CommitRecord } from '#protocol/commit'
import { nodeCrypto } from '#node/crypto'
import { printFigure } from './figure.ts'
import { LedgerRecords } from './ledger-records.ts'
import { makeCoop } from './records.ts'
import type { BenchCoop } from './records.ts'
import { prepareFolder, startWorker } from './worker-folder.ts'

const SALES = Number(process.env['BENCH_OPEN_ENTRIES'] ?? 1_000_000) / 2
const BATCH = 1_000
const DEVICES = 50
/** Openings of each folder, taking turns, of which the fastest counts. */
const OPENINGS = 3

/** One opening of a node in a process of its own. */
interface Opening {
  wallMs: number
  /** Of all threads. */
  cpuMs: number
  rssBytes: number
  peakBytes: number
  ledger: LedgerAnswers
}

/** What a node that is open is asked, ms. */
interface LedgerAnswers {
  balanceFirstMs: number
  judgeFirstMs: number
  balanceP99Ms: number
  judgeP99Ms: number
}

/**
 * Opening a node with a ledger of a million entries: until it serves, and its memory then. Beside it one with as many commits
 * of the catalogue, which it does not read: what the ledger takes of an opening is the difference.
 */
export async function benchOpenLedger(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'coop-bench-'))
  try {
    const plain = await prepare(join(folder, 'plain'), (coop) => ({ first: () => [], more: coop.more }))
    const ledger = await prepare(join(folder, 'ledger'), (coop) => {
      const records = new LedgerRecords(coop)
      return { first: () => records.first(), more: (...asked) => records.more(...asked) }
    })
    // The first opening of each makes what later ones start from.
    const first = await open(ledger)
    await open(plain)
    const [plains, ledgers]: [Opening[], Opening[]] = [[], []]
    for (let i = 0; i < OPENINGS; i += 1) {
      plains.push(await open(plain))
      ledgers.push(await open(ledger))
    }
    print(first, plains, ledgers)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Who writes the commits of a folder. */
interface Writers {
  first: () => CommitRecord[]
  more: BenchCoop['more']
}

async function prepare(path: string, writersOf: (coop: BenchCoop) => Writers): Promise<string> {
  const history = makeCoop(DEVICES, nodeCrypto())
  const writers = writersOf(history)
  function* batches(): Generator<readonly CommitRecord[]> {
    yield history.records
    yield writers.first()
    // As in `bench open`: signing them all takes minutes.
    for (let at = 0; at < SALES; at += BATCH)
      yield writers.more(BATCH, (number) => at === 0 || number % BATCH >= BATCH - DEVICES)
  }
  await prepareFolder(path, {
    history,
    seed: history.founderSeed,
    batches: batches(),
    sponsorAddresses: null,
  })
  return path
}

async function open(path: string): Promise<Opening> {
  const worker = await startWorker(path, 'ledger')
  const [{ cpuMs, ledger }] = (await once(worker.process, 'message')) as [Opening]
  await sleep(2_000)
  const status = await readFile(`/proc/${worker.process.pid}/status`, 'utf8')
  const bytesOf = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) * 1024
  const [rssBytes, peakBytes] = [bytesOf('VmRSS'), bytesOf('VmHWM')]
  worker.process.send('stop')
  await once(worker.process, 'exit')
  return { wallMs: worker.openMs, cpuMs, rssBytes, peakBytes, ledger }
}

function print(first: Opening, plains: readonly Opening[], ledgers: readonly Opening[]): void {
  const least = (of: readonly Opening[], value: (it: Opening) => number): number => Math.min(...of.map(value))
  const [wallMs, plainMs] = [ledgers, plains].map((of) => least(of, (it) => it.wallMs)) as [number, number]
  const [cpuMs, plainCpuMs] = [ledgers, plains].map((of) => least(of, (it) => it.cpuMs)) as [number, number]
  const name = `opening ${(2 * SALES).toLocaleString('en')} ledger entries`
  const note = `limit 3,000 ms; ${SALES.toLocaleString('en')} other commits ${Math.round(plainMs)} ms; from the log ${Math.round(first.wallMs)} ms`
  printFigure(name, `${Math.round(wallMs)} ms`, note)
  const part = `limit 200 ms; of all cores ${Math.round(cpuMs - plainCpuMs)} ms`
  printFigure('  of it the ledger', `${Math.round(wallMs - plainMs)} ms`, part)
  const bytes = (of: readonly Opening[]): number => least(of, (it) => it.rssBytes) / 1e6
  const peak = least(ledgers, (it) => it.peakBytes) / 1e6
  const beside = `peak ${Math.round(peak)} MB; limit 300 MB; other commits ${Math.round(bytes(plains))} MB; from the log ${Math.round(first.rssBytes / 1e6)} MB`
  printFigure('  memory then (RSS)', `${Math.round(bytes(ledgers))} MB`, beside)
  const of = (value: (it: LedgerAnswers) => number): string =>
    `${least(ledgers, (it) => value(it.ledger)).toFixed(2)} ms`
  const judged = `the first ${of((it) => it.balanceFirstMs)}; limit p99 5 ms; a sale judged ${of((it) => it.judgeP99Ms)}, the first ${of((it) => it.judgeFirstMs)}`
  printFigure(
    '  all balances of the node, p99',
    of((it) => it.balanceP99Ms),
    judged,
  )
}
