import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Crypto } from '#protocol/identity'
import { nodeCrypto } from '#node/crypto'
import { automergeCatchUp } from './automerge-peer.ts'
import { perSecond, printFigure } from './figure.ts'
import { pipelineLimit } from './pipeline.ts'
import { prepareFolder, startWorker } from './worker-folder.ts'
import { inBatches, makeHistory } from './records.ts'

const COMMITS = Number(process.env['BENCH_COMMITS'] ?? 200_000)
const DEVICES = Number(process.env['BENCH_DEVICES'] ?? 50)
/** The peer's rate falls as its document grows; a tenth of the records favours it and keeps the run short. */
const PEER_COMMITS = Number(process.env['BENCH_PEER_COMMITS'] ?? COMMITS / 10)

/** Catch-up of an empty replica over libp2p, two processes, fsynced; beside the pipeline without a network and a peer. */
export async function benchCatchUp(): Promise<void> {
  const crypto = nodeCrypto()
  const history = makeHistory(COMMITS, DEVICES, crypto)
  const total = history.records.length
  const folder = await mkdtemp(join(tmpdir(), 'coop-bench-'))
  try {
    const limit = await pipelineLimit(history, join(folder, 'limit'), false)
    const folding = await pipelineLimit(history, join(folder, 'folding'), true)
    const server = join(folder, 'server')
    const reader = join(folder, 'reader')
    const { founderSeed, readerSeed } = history
    await prepareFolder(server, {
      history,
      seed: founderSeed,
      batches: inBatches(history.records),
      sponsorAddresses: null,
    })
    const serving = await startWorker(server)
    await prepareFolder(reader, {
      history,
      seed: readerSeed,
      batches: [],
      sponsorAddresses: serving.addresses,
    })
    const reading = await startWorker(reader, 'catch-up', String(total))
    const [{ done, foldMs, rssBytes, foldedRssBytes }] = (await once(reading.process, 'message')) as [
      { done: number; foldMs: number; rssBytes: number; foldedRssBytes: number },
    ]
    for (const { process } of [serving, reading]) process.send('stop')
    await Promise.all([serving, reading].map(async ({ process }) => once(process, 'exit')))
    const ours = total / (done / 1000)
    const folded = total / ((done + foldMs) / 1000)
    printFigure(
      'catch-up over libp2p, fsynced',
      `${perSecond(ours)} commits/s`,
      `peak RSS of the receiver ${Math.round(rssBytes / 1e6)} MB`,
    )
    printFigure(
      '  and its document opened',
      `${perSecond(folded)} commits/s`,
      `${Math.round(foldMs)} ms more; peak RSS then ${Math.round(foldedRssBytes / 1e6)} MB`,
    )
    printFigure(
      '  pipeline without network',
      `${perSecond(limit)} commits/s`,
      `ratio ${(ours / limit).toFixed(2)}`,
    )
    printFigure(
      '  the same, folding',
      `${perSecond(folding)} commits/s`,
      `ratio ${(folded / folding).toFixed(2)} (document opened)`,
    )
    const hashes = rawHashes(crypto)
    printFigure(
      '  raw SHA-256 of 300 bytes',
      `${perSecond(hashes)} /s`,
      `two a commit: ratio ${(ours / (hashes / 2)).toFixed(2)}`,
    )
    printFigure('  opening the serving node', `${Math.round(serving.openMs)} ms`, `${total} commits replayed`)
    // Last: with all the records its serving process takes minutes to make its document.
    const peer = await automergeCatchUp(PEER_COMMITS)
    printFigure(
      `  automerge-repo, ${PEER_COMMITS.toLocaleString('en')} of them`,
      `${perSecond(peer)} changes/s`,
      `ratio ${(ours / peer).toFixed(2)}, document opened ${(folded / peer).toFixed(2)} (unsigned, not fsynced)`,
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** One-shot hashes a second: what this machine can do at best, today. */
function rawHashes(crypto: Crypto): number {
  const bytes = new Uint8Array(300)
  const count = 100_000
  const startMs = performance.now()
  for (let i = 0; i < count; i += 1) crypto.sha256(bytes)
  return count / ((performance.now() - startMs) / 1000)
}
