import { once } from 'node:events'
import { open, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeCrypto } from '#node/crypto'
import { Store } from '#node/store'
import { percentile, printFigure } from './figure.ts'
import { inBatches, makeHistory } from './records.ts'
import { prepareFolder, startWorker } from './worker-folder.ts'

const APPENDS = 2_000
/** Commits that the other node catches up with while this one writes. */
const COMMITS = Number(process.env['BENCH_COMMITS'] ?? 100_000)

/** A local write from the call to its fsynced acknowledgement: on an idle node, and while a catch-up runs. */
export async function benchAppend(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'coop-bench-'))
  const history = makeHistory(COMMITS, 50, nodeCrypto())
  try {
    const { founderSeed, readerSeed, records } = history
    const idle = join(folder, 'idle')
    await prepareFolder(idle, {
      ...{ history, seed: founderSeed, sponsorAddresses: null },
      batches: [records.slice(0, records.length - COMMITS)],
    })
    const alone = await startWorker(idle, 'append', String(APPENDS))
    const idleMs = await tookMs(alone.process)
    alone.process.send('stop')
    print('append, idle node', idleMs, 'limit p99 10 ms')
    print('  raw fsync of 500 bytes', await rawFsync(join(folder, 'raw')), 'the disk alone')
    print('  LevelDB put, fsynced', await rawPut(join(folder, 'level')), 'the database alone')
    const server = join(folder, 'server')
    const reader = join(folder, 'reader')
    await prepareFolder(server, {
      ...{ history, seed: founderSeed, sponsorAddresses: null },
      batches: inBatches(records),
    })
    const serving = await startWorker(server)
    await prepareFolder(reader, {
      ...{ history, seed: readerSeed, batches: [], sponsorAddresses: serving.addresses },
    })
    const reading = await startWorker(reader, 'catch-up', String(records.length), 'append')
    print('append during a catch-up', await tookMs(reading.process), 'limit p99 25 ms')
    for (const { process } of [serving, reading]) process.send('stop')
    await Promise.all([serving, reading].map(async ({ process }) => once(process, 'exit')))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function tookMs(worker: NodeJS.EventEmitter): Promise<number[]> {
  for (;;) {
    const [message] = (await once(worker, 'message')) as [{ tookMs?: number[] }]
    if (message.tookMs !== undefined) return message.tookMs
  }
}

function print(name: string, values: number[], note: string): void {
  const figure = `p50 ${percentile(values, 50).toFixed(1)}, p99 ${percentile(values, 99).toFixed(1)} ms`
  printFigure(name, figure, `${values.length} writes; ${note}`)
}

async function rawFsync(path: string): Promise<number[]> {
  const file = await open(path, 'a')
  const values: number[] = []
  for (let i = 0; i < APPENDS; i += 1) {
    const startMs = performance.now()
    await file.write(new Uint8Array(500))
    await file.datasync()
    values.push(performance.now() - startMs)
  }
  await file.close()
  return values
}

async function rawPut(path: string): Promise<number[]> {
  const store = await Store.open(path)
  const values: number[] = []
  for (let i = 0; i < APPENDS; i += 1) {
    const startMs = performance.now()
    await store.write([{ type: 'put', key: `t/${i}`, value: new Uint8Array(500) }])
    values.push(performance.now() - startMs)
  }
  await store.close()
  return values
}
