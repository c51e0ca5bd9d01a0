import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeRecord } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import { toHex } from '#protocol/encoding'
import type { Crypto } from '#protocol/identity'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { writeDurably } from '#node/folder'
import { Store, commitKey } from '#node/store'
import { automergeCatchUp } from './automerge-peer.ts'
import { printFigure } from './figure.ts'
import { makeHistory } from './records.ts'
import type { History } from './records.ts'

const COMMITS = Number(process.env['BENCH_COMMITS'] ?? 20_000)
const DEVICES = 10

/** Catch-up of an empty replica over libp2p, two processes, fsynced; beside the pipeline without a network and a peer. */
export async function benchCatchUp(): Promise<void> {
  const crypto = nodeCrypto()
  const history = makeHistory(COMMITS, DEVICES, crypto)
  const total = history.records.length
  const folder = await mkdtemp(join(tmpdir(), 'coop-bench-'))
  try {
    const limit = await pipelineLimit(history, join(folder, 'limit'))
    const server = join(folder, 'server')
    const reader = join(folder, 'reader')
    const { founderSeed, readerSeed } = history
    await prepare(server, { history, seed: founderSeed, records: history.records, sponsorAddresses: null })
    const serving = await startWorker(server, '')
    await prepare(reader, { history, seed: readerSeed, records: [], sponsorAddresses: serving.addresses })
    const reading = await startWorker(reader, String(total))
    const [{ done, rssBytes }] = (await once(reading.process, 'message')) as [
      { done: number; rssBytes: number },
    ]
    const peer = await automergeCatchUp(COMMITS)
    for (const { process } of [serving, reading]) process.send('stop')
    const ours = total / (done / 1000)
    printFigure(
      'catch-up over libp2p, fsynced',
      `${perSecond(ours)} commits/s`,
      `peak RSS of the receiver ${Math.round(rssBytes / 1e6)} MB`,
    )
    printFigure(
      '  pipeline without network',
      `${perSecond(limit)} commits/s`,
      `ratio ${(ours / limit).toFixed(2)}`,
    )
    printFigure(
      '  automerge-repo, same records',
      `${perSecond(peer)} changes/s`,
      `ratio ${(ours / peer).toFixed(2)} (unsigned, not fsynced)`,
    )
    const hashes = rawHashes(crypto)
    printFigure(
      '  raw SHA-256 of 300 bytes',
      `${perSecond(hashes)} /s`,
      `two a commit: ratio ${(ours / (hashes / 2)).toFixed(2)}`,
    )
    printFigure('  opening the serving node', `${Math.round(serving.openMs)} ms`, `${total} commits replayed`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Decode, hash, link, verify, fold and write the same records in batches, in this thread alone. */
async function pipelineLimit(history: History, path: string): Promise<number> {
  const crypto = nodeCrypto()
  const replica = openReplica({ coop: history.coop, crypto, signer: nodeSigner(history.readerSeed) })
  const store = await Store.open(path)
  const startMs = performance.now()
  let write: Promise<void> = Promise.resolve()
  for (let at = 0; at < history.records.length; at += 1_000) {
    const records = history.records.slice(at, at + 1_000).map((record) => {
      const decoded = decodeRecord(record.bytes, crypto.sha256)
      if (!decoded.ok) throw new Error(decoded.refusal)
      return decoded.record
    })
    const { stored, refused } = replica.ingest(records)
    if (refused.length > 0) throw new Error(refused[0]?.refusal)
    await write
    write = store.write(
      stored.map(({ order, record }) => ({ type: 'put', key: commitKey(order), value: record.bytes })),
    )
  }
  await write
  const perSecond = history.records.length / ((performance.now() - startMs) / 1000)
  await store.close()
  return perSecond
}

async function prepare(
  path: string,
  parts: {
    history: History
    seed: Uint8Array
    records: History['records']
    sponsorAddresses: string[] | null
  },
): Promise<void> {
  await mkdir(path, { recursive: true })
  await writeDurably(join(path, 'device.key'), `plain ${Buffer.from(parts.seed).toString('base64')}\n`)
  const store = await Store.open(join(path, 'store'))
  await store.write([{ type: 'put', key: 'm/genesis', value: parts.history.genesis }])
  if (parts.sponsorAddresses !== null) {
    const sponsor = nodeSigner(parts.history.founderSeed).publicKey
    await store.write([
      { type: 'put', key: 'm/sponsor', value: sponsor },
      { type: 'put', key: `p/${toHex(sponsor)}`, value: Buffer.from(parts.sponsorAddresses.join('\n')) },
    ])
  }
  for (let at = 0; at < parts.records.length; at += 1_000) {
    const batch = parts.records.slice(at, at + 1_000)
    await store.write(
      batch.map((record, i) => ({ type: 'put', key: commitKey(at + i), value: record.bytes })),
    )
  }
  await store.close()
}

async function startWorker(
  data: string,
  wanted: string,
): Promise<{ process: ChildProcess; addresses: string[]; openMs: number }> {
  const worker = fork(fileURLToPath(new URL('node-worker.ts', import.meta.url)), [data, wanted], {
    stdio: 'inherit',
  })
  const [{ ready, openMs }] = (await once(worker, 'message')) as [{ ready: string[]; openMs: number }]
  return { process: worker, addresses: ready, openMs }
}

/** One-shot hashes a second: what this machine can do at best, today. */
function rawHashes(crypto: Crypto): number {
  const bytes = new Uint8Array(300)
  const count = 100_000
  const startMs = performance.now()
  for (let i = 0; i < count; i += 1) crypto.sha256(bytes)
  return count / ((performance.now() - startMs) / 1000)
}

function perSecond(value: number): string {
  return Math.round(value).toLocaleString('en')
}
