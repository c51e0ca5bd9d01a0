import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { decodeRecords } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { CommitLog, LogBatch } from '#node/log'
import { Store } from '#node/store'
import { perSecond, printFigure } from './figure.ts'
import { inBatches, makeHistory } from './records.ts'
import type { History } from './records.ts'

const COMMITS = Number(process.env['BENCH_COMMITS'] ?? 200_000)
const DEVICES = Number(process.env['BENCH_DEVICES'] ?? 50)

/** The pipeline of a catch-up alone, for a profiler: `node --cpu-prof test/bench/bench.ts pipeline`. */
export async function benchPipeline(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'coop-bench-'))
  try {
    const history = makeHistory(COMMITS, DEVICES, nodeCrypto())
    for (const isFolding of [false, true]) {
      const before = process.memoryUsage()
      const cpu = process.cpuUsage()
      const rate = await pipelineLimit(history, join(folder, String(isFolding)), isFolding)
      const { user, system } = process.cpuUsage(cpu)
      const cpuUs = ((user + system) / history.records.length).toFixed(1)
      const after = process.memoryUsage()
      const grown = (['heapUsed', 'external'] as const)
        .map((name) => `${name} ${Math.round((after[name] - before[name]) / 1e6)} MB`)
        .join(', ')
      const name = `pipeline without network${isFolding ? ', folding' : ''}`
      const note = `${cpuUs} µs of all cores a commit; grown by: ${grown}`
      printFigure(name, `${perSecond(rate)} commits/s`, note)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Commits a second: decode, hash, link, verify and write the records in batches, in this thread alone. `isFolding`: the
 * document that they bear is folded as well; a node does that when somebody opens it.
 */
export async function pipelineLimit(history: History, path: string, isFolding: boolean): Promise<number> {
  const crypto = nodeCrypto()
  const replica = openReplica({
    ...{ coop: history.coop, crypto, signer: nodeSigner(history.readerSeed) },
    isLazy: !isFolding,
  })
  const store = await Store.open(path)
  const commits = new CommitLog({ store, sha256: crypto.sha256, log: pino({ level: 'silent' }) }, replica)
  const startMs = performance.now()
  let write: Promise<void> = Promise.resolve()
  for (const part of inBatches(history.records)) {
    const decoded = decodeRecords(
      part.map((record) => record.bytes),
      crypto.sha256,
    )
    if (!decoded.ok) throw new Error(decoded.refusal)
    const { stored, refused } = replica.ingest(decoded.records)
    if (refused.length > 0) throw new Error(refused[0]?.refusal)
    await write
    write = store.write(commits.append(new LogBatch(stored)))
  }
  await write
  const rate = history.records.length / ((performance.now() - startMs) / 1000)
  await store.close()
  return rate
}
