import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { nodeCrypto } from '#node/crypto'
import { printFigure } from './figure.ts'
import { makeCoop } from './records.ts'
import { prepareFolder, startWorker } from './worker-folder.ts'

const COMMITS = Number(process.env['BENCH_OPEN_COMMITS'] ?? 1_000_000)
const BATCH = 1_000
const DEVICES = 50

/** Opening a node that holds a million commits: until it serves, and its memory then; the second time from the books that it saved. */
export async function benchOpen(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'coop-bench-'))
  const history = makeCoop(DEVICES, nodeCrypto())
  try {
    const path = join(folder, 'node')
    function* batches(): Generator<typeof history.records> {
      yield history.records
      // Signing a million commits takes minutes: the last of each chain in a batch covers those before it, but for the first
      // batch, where chains list what nobody knows yet.
      for (let at = 0; at < COMMITS; at += BATCH)
        yield history.more(BATCH, (number) => at === 0 || number % BATCH >= BATCH - DEVICES)
    }
    const seed = history.founderSeed
    await prepareFolder(path, { history, seed, batches: batches(), sponsorAddresses: null })
    await printOpening(path, `opening ${COMMITS.toLocaleString('en')} commits`)
    await printOpening(path, '  again, from what it saved')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function printOpening(path: string, name: string): Promise<void> {
  const worker = await startWorker(path)
  await sleep(2_000)
  const status = await readFile(`/proc/${worker.process.pid}/status`, 'utf8')
  const rssBytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024
  const peakBytes = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024
  worker.process.send('stop')
  await once(worker.process, 'exit')
  const note = 'from the start of loading the code until it serves; limit 3,000 ms'
  printFigure(name, `${Math.round(worker.openMs)} ms`, note)
  const memory = `peak ${Math.round(peakBytes / 1e6)} MB; limit 300 MB`
  printFigure('  memory then (RSS)', `${Math.round(rssBytes / 1e6)} MB`, memory)
}
