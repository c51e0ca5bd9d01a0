import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { nodeCrypto } from '#node/crypto'
import { percentile, printFigure } from './figure.ts'
import { makeCoop } from './records.ts'
import { prepareFolder, startWorker } from './worker-folder.ts'

const NODES = 10
const WRITES = 100
const EVERY_MS = 250
/** Time for ten nodes to find each other before the first write. */
const MEET_MS = 8_000

interface News {
  wrote?: string
  counted?: string[]
  atNs: string
}

/** A commit of one node until it is counted, and on the disk, at nine others; ten processes on loopback. */
export async function benchLive(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'coop-bench-'))
  const coop = makeCoop(NODES, nodeCrypto())
  const workers: ChildProcess[] = []
  try {
    const seeds = [coop.founderSeed, ...coop.seeds.slice(0, NODES - 1)]
    const wroteNs = new Map<string, bigint>()
    const countedNs: { id: string; atNs: bigint }[] = []
    let addresses: string[] | null = null
    for (const [i, seed] of seeds.entries()) {
      const path = join(folder, String(i))
      await prepareFolder(path, { history: coop, seed, batches: [coop.records], sponsorAddresses: addresses })
      const started = await startWorker(path, 'live')
      addresses ??= started.addresses
      workers.push(started.process)
      started.process.on('message', (news: News) => {
        if (news.wrote !== undefined) wroteNs.set(news.wrote, BigInt(news.atNs))
        for (const id of news.counted ?? []) countedNs.push({ id, atNs: BigInt(news.atNs) })
      })
    }
    await sleep(MEET_MS)
    for (let i = 0; i < WRITES; i += 1) {
      workers[i % NODES]?.send('write')
      await sleep(EVERY_MS)
    }
    await sleep(2_000)
    const tookMs: number[] = []
    const missing: string[] = []
    for (const [id, startNs] of wroteNs) {
      const seen = countedNs.filter((it) => it.id === id)
      if (seen.length < NODES) missing.push(id)
      // At each of the nine others; the writer's own fsync is among them and is the first.
      for (const { atNs } of seen.sort((a, b) => Number(a.atNs - b.atNs)).slice(1))
        tookMs.push(Number(atNs - startNs) / 1e6)
    }
    const figure = `p50 ${percentile(tookMs, 50).toFixed(0)}, p99 ${percentile(tookMs, 99).toFixed(0)} ms`
    const note = `${wroteNs.size} commits, ${missing.length} not everywhere; limit p99 150 ms`
    printFigure('live: counted at nine others', figure, note)
  } finally {
    for (const worker of workers) worker.send('stop')
    await sleep(2_000)
    for (const worker of workers) worker.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
}
