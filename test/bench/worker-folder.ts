import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pino from 'pino'
import type { CommitRecord } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import { toHex } from '#protocol/encoding'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { writeDurably } from '#node/folder'
import { CommitLog, LogBatch } from '#node/log'
import { Store } from '#node/store'
import type { History } from './records.ts'

/** Writes a data folder of the device with this seed that holds these records, as a node that received them would. */
export async function prepareFolder(
  path: string,
  parts: {
    history: History
    seed: Uint8Array
    batches: Iterable<readonly CommitRecord[]>
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
  const crypto = nodeCrypto()
  const replica = openReplica({ coop: parts.history.coop, crypto, signer: nodeSigner(parts.seed) })
  const commits = new CommitLog({ store, sha256: crypto.sha256, log: pino({ level: 'silent' }) }, replica)
  for (const batch of parts.batches) {
    const { stored, refused } = replica.ingest(batch)
    if (refused[0] !== undefined)
      throw new Error(`the bench made commits that are refused: ${refused[0].refusal}`)
    await store.write(commits.append(new LogBatch(stored)))
  }
  await store.close()
}

/** Starts a node on a prepared folder in a process of its own. `task`: see node-worker.ts. */
export async function startWorker(
  data: string,
  ...task: readonly string[]
): Promise<{ process: ChildProcess; addresses: string[]; openMs: number }> {
  const worker = fork(fileURLToPath(new URL('node-worker.ts', import.meta.url)), [data, ...task], {
    stdio: 'inherit',
  })
  const [{ ready, openMs }] = (await once(worker, 'message')) as [{ ready: string[]; openMs: number }]
  return { process: worker, addresses: ready, openMs }
}
