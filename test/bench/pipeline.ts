import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { decodeRecords } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { CommitLog } from '#node/log'
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
    const before = process.memoryUsage()
    const rate = await pipelineLimit(history, join(folder, 'limit'))
    const after = process.memoryUsage()
    const grown = (['heapUsed', 'external', 'arrayBuffers'] as const)
      .map((name) => `${name} ${Math.round((after[name] - before[name]) / 1e6)} MB`)
      .join(', ')
    printFigure('pipeline without network', `${perSecond(rate)} commits/s`, `grown by: ${grown}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Commits a second: decode, hash, link, verify, fold and write the records in batches, in this thread alone. */
export async function pipelineLimit(history: History, path: string): Promise<number> {
  const crypto = nodeCrypto()
  const replica = openReplica({ coop: history.coop, crypto, signer: nodeSigner(history.readerSeed) })
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
    write = store.write(commits.append(stored))
  }
  await write
  const rate = history.records.length / ((performance.now() - startMs) / 1000)
  await store.close()
  return rate
}
