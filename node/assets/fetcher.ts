import { webcrypto } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { Logger } from 'pino'
import { DAG_PB_CODEC, LEAF_BYTES, leafCount, readDirectoryNode, verifyLeafHashes } from '#protocol/asset'
import { equalBytes } from '#protocol/encoding'
import type { Sha256 } from '#protocol/identity'
import { CoopError, asCoopError } from '#node/errors'
import { cidOf, fileSize } from './asset-store.ts'
import type { AssetStore, StoredAsset } from './asset-store.ts'
import { LEAVES_PER_REQUEST } from './exchange.ts'
import type { AssetStat, Provider } from './exchange.ts'

/** How long a provider may take to say whether it has something. */
const STAT_TIMEOUT_MS = 10_000
/** Entries of a directory tree that is fetched. A guess; a larger one is fetched in parts. */
export const TREE_ENTRIES_MAX = 1_000_000
/** Depth of a tree with the levels of sharded directories. */
const DEPTH_MAX = 128
/** Leaves that are hashed and written at once: hides both behind the network, and bounds memory to as many MiB. */
const LEAVES_KEPT_AT_ONCE_MAX = 8

/** Where a fetch stands. */
export interface FetchProgress {
  path: string
  doneBytes: number
  totalBytes: number
}

/** What a fetch did. */
export interface FetchResult {
  cid: string
  /** Bytes of all files in it. */
  bytes: number
  /** Bytes that came over the mesh this time. */
  fetchedBytes: number
  /** Devices (hex) that gave something. */
  from: string[]
}

/** How the fetcher reaches devices that may have an asset. */
export interface ProviderSource {
  /** Devices (hex) to ask, the best first; found while they are asked, within a bounded time. */
  candidates(cid: string): AsyncIterable<string>
  connect(device: string): Promise<Provider>
  /** The name of a device for messages. */
  nameOf(device: string): string
}

/** What a fetcher stands on. */
export interface FetcherParts {
  assets: AssetStore
  source: ProviderSource
  sha256: Sha256
  log: Logger
}

interface Job {
  root: string
  providers: Provider[]
  /** Devices that said no, failed or lied, with the reason. */
  asked: Map<string, string>
  /** True once a device gave bytes that the CID does not name. */
  isCorrupt: boolean
  candidates: AsyncIterator<string>
  onProgress: (progress: FetchProgress) => void
  signal: AbortSignal
  result: FetchResult
  entries: number
}

/** Fetches assets from one provider at a time, verifies every leaf, resumes what was begun, and tries the next. */
export class Fetcher {
  readonly #parts: FetcherParts
  readonly #running = new Map<string, Promise<FetchResult>>()
  /** Files and nodes that are being fetched: two trees may share one, and only one may write its bytes. */
  readonly #pieces = new Map<string, Promise<StoredAsset>>()

  constructor(parts: FetcherParts) {
    this.#parts = parts
  }

  /** Brings the whole asset here. A second call for the same asset joins the first one. */
  async fetch(
    cid: string,
    onProgress: (progress: FetchProgress) => void,
    signal: AbortSignal,
  ): Promise<FetchResult> {
    for (;;) {
      const running = this.#running.get(cid)
      if (running === undefined) break
      try {
        return await running
      } catch (cause) {
        // Whoever began it went away; that is no reason to end for us.
        if (asCoopError(cause).code !== 'interrupted' || signal.aborted) throw cause
      }
    }
    const job = this.#run(cid, onProgress, signal).finally(() => this.#running.delete(cid))
    this.#running.set(cid, job)
    return job
  }

  async #run(cid: string, onProgress: Job['onProgress'], signal: AbortSignal): Promise<FetchResult> {
    const job: Job = {
      root: cid,
      providers: [],
      asked: new Map(),
      isCorrupt: false,
      candidates: this.#parts.source.candidates(cid)[Symbol.asyncIterator](),
      onProgress,
      signal,
      result: { cid, bytes: 0, fetchedBytes: 0, from: [] },
      entries: 0,
    }
    try {
      await this.#tree(job, cid, { path: '', depth: 0 })
      await this.#parts.assets.markHeld([cid])
      return job.result
    } finally {
      for (const provider of job.providers) provider.close()
      await job.candidates.return?.()
    }
  }

  async #tree(job: Job, cid: string, at: { path: string; depth: number }): Promise<void> {
    job.entries += 1
    if (at.depth > DEPTH_MAX || job.entries > TREE_ENTRIES_MAX) {
      throw new CoopError(
        'asset-corrupt',
        `${job.root} is larger or deeper than is allowed`,
        'Fetch a part of it by its CID.',
      )
    }
    const asset = await this.#have(job, cid, at.path)
    if (asset.kind === 'file') {
      job.result.bytes += asset.sizeBytes
      return
    }
    const node = readDirectoryNode(asset.block)
    if (!node.ok)
      throw new CoopError('asset-corrupt', `${cid} is not a directory: ${node.refusal}`, 'Ask who added it.')
    const names = new Set<string>()
    for (const entry of node.entries) {
      if (names.has(entry.name))
        throw new CoopError('asset-corrupt', `${cid} names ${entry.name} twice`, 'Ask who added it.')
      names.add(entry.name)
      await this.#tree(job, entry.cid.toString(), { path: `${at.path}/${entry.name}`, depth: at.depth + 1 })
    }
    if (new Set(node.shards.map(String)).size !== node.shards.length)
      throw new CoopError('asset-corrupt', `${cid} names a part of itself twice`, 'Ask who added it.')
    for (const shard of node.shards)
      await this.#tree(job, shard.toString(), { path: at.path, depth: at.depth + 1 })
  }

  /** One file or directory node: from the store, from another fetch that is under way, or from the providers. */
  async #have(job: Job, cid: string, path: string): Promise<StoredAsset> {
    for (;;) {
      const asset = await this.#parts.assets.get(cid)
      if (asset !== null && (await this.#parts.assets.isOnDisk(asset))) return asset
      const running = this.#pieces.get(cid)
      if (running === undefined) break
      await running.catch(() => null) // its own caller is told; we try again
      job.signal.throwIfAborted()
    }
    const piece = this.#piece(job, cid, path).finally(() => this.#pieces.delete(cid))
    this.#pieces.set(cid, piece)
    return piece
  }

  /** One file or directory node, from the providers in turn. */
  async #piece(job: Job, cid: string, path: string): Promise<StoredAsset> {
    for (let turn = 0; ; turn += 1) {
      job.signal.throwIfAborted()
      const provider = job.providers[turn] ?? (await this.#nextProvider(job))
      if (provider === null) throw this.#nobody(job, cid)
      try {
        const stat = await provider.stat(cid, STAT_TIMEOUT_MS)
        if (stat.kind === 'none') {
          if (cid === job.root) this.#dismiss(job, provider, 'does not have it')
          else continue
        } else {
          const asset = await this.#take(job, { provider, cid, path }, stat)
          if (!job.result.from.includes(provider.device)) job.result.from.push(provider.device)
          return asset
        }
      } catch (cause) {
        if (job.signal.aborted)
          throw new CoopError('interrupted', 'stopped', 'The next `coop get` goes on from here.')
        const error = asCoopError(cause)
        // No provider is to blame for our disk.
        if (error.code === 'disk-full' || error.code === 'read-only') throw error
        if (error.code === 'asset-corrupt') job.isCorrupt = true
        this.#parts.log.warn({ err: cause, cid, device: provider.device }, 'a provider failed')
        this.#dismiss(job, provider, error.message)
      }
      turn = -1 // a dismissed provider is gone from the list: start over with the next
    }
  }

  async #nextProvider(job: Job): Promise<Provider | null> {
    for (;;) {
      const next = await job.candidates.next()
      if (next.done === true) return null
      const device = next.value
      if (job.asked.has(device) || job.providers.some((it) => it.device === device)) continue
      try {
        const provider = await this.#parts.source.connect(device)
        job.providers.push(provider)
        return provider
      } catch (cause) {
        job.asked.set(device, asCoopError(cause).message)
      }
    }
  }

  #dismiss(job: Job, provider: Provider, reason: string): void {
    provider.close()
    job.providers = job.providers.filter((it) => it !== provider)
    job.asked.set(provider.device, reason)
  }

  #nobody(job: Job, cid: string): CoopError {
    const asked = [...job.asked].map(([device, why]) => `${this.#parts.source.nameOf(device)}: ${why}`)
    const who =
      asked.length === 0 ? 'no device of the co-op is known to hold it' : `asked ${asked.join('; ')}`
    return new CoopError(
      job.isCorrupt ? 'asset-corrupt' : 'asset-unknown',
      `${cid} could not be fetched: ${who}`,
      'Check the CID, or try again when a device that holds it is reachable (`coop ls` says which).',
    )
  }

  async #take(
    job: Job,
    want: { provider: Provider; cid: string; path: string },
    stat: Exclude<AssetStat, { kind: 'none' }>,
  ): Promise<StoredAsset> {
    const cid = cidOf(want.cid)
    if (stat.kind === 'node') {
      const isRight =
        cid.code === DAG_PB_CODEC && equalBytes(this.#parts.sha256(stat.block), cid.multihash.digest)
      if (!isRight || !readDirectoryNode(stat.block).ok)
        throw mismatch('its directory does not match the CID')
      await this.#parts.assets.putNodes([{ cid: want.cid, bytes: stat.block }])
      return { kind: 'node', cid: want.cid, block: stat.block }
    }
    if (!verifyLeafHashes(cid, stat.sizeBytes, stat.leafHashes, this.#parts.sha256)) {
      throw mismatch('its leaf hashes do not match the CID')
    }
    return this.#file(job, want, stat)
  }

  async #file(
    job: Job,
    want: { provider: Provider; cid: string; path: string },
    stat: { sizeBytes: number; leafHashes: Uint8Array },
  ): Promise<StoredAsset> {
    const path = this.#parts.assets.partialPathOf(want.cid)
    await this.#parts.assets.reclaim(want.cid)
    const isBegun = (await fileSize(path)) !== null
    const file = await open(path, isBegun ? 'r+' : 'w+', 0o600)
    try {
      const missing = isBegun ? await this.#missingLeaves(file, stat) : allLeaves(stat.sizeBytes)
      const totalBytes = stat.sizeBytes
      const onLeaf = (fetchedBytes: number, doneBytes: number): void => {
        job.result.fetchedBytes += fetchedBytes
        job.onProgress({ path: want.path === '' ? want.cid : want.path, doneBytes, totalBytes })
      }
      await this.#download(want, { file, missing, stat, signal: job.signal, onLeaf })
      await file.truncate(stat.sizeBytes)
      await file.sync()
    } finally {
      await file.close()
    }
    return this.#parts.assets.adoptPartial(want.cid, stat.sizeBytes, stat.leafHashes)
  }

  /** Asks for runs of missing leaves, one request ahead of the one that is being received. */
  async #download(
    want: { provider: Provider; cid: string },
    job: {
      file: FileHandle
      missing: number[]
      stat: { sizeBytes: number; leafHashes: Uint8Array }
      signal: AbortSignal
      onLeaf: (fetchedBytes: number, doneBytes: number) => void
    },
  ): Promise<void> {
    const { provider, cid } = want
    const { file, stat } = job
    const runs = leafRuns(job.missing)
    const [first] = runs
    if (first !== undefined) await provider.request(cid, first.from, first.to)
    let doneBytes =
      stat.sizeBytes - job.missing.reduce((sum, index) => sum + leafLength(stat.sizeBytes, index), 0)
    const keeping = new Set<Promise<void>>()
    let failure: unknown = null
    for (const [i, run] of runs.entries()) {
      const ahead = runs[i + 1]
      if (ahead !== undefined) await provider.request(cid, ahead.from, ahead.to)
      for (let index = run.from; index < run.to; index += 1) {
        job.signal.throwIfAborted()
        const leaf = await provider.nextLeaf()
        if (keeping.size >= LEAVES_KEPT_AT_ONCE_MAX) await Promise.race(keeping)
        if (failure !== null) throw failure
        const keep = keepLeaf(file, leaf, index, stat)
          .then(() => {
            doneBytes += leaf.length
            job.onLeaf(leaf.length, doneBytes)
          })
          .catch((cause: unknown) => {
            failure ??= cause
          })
          .finally(() => keeping.delete(keep))
        keeping.add(keep)
      }
    }
    await Promise.all(keeping)
    if (failure !== null) throw failure
  }

  /** Leaves that a begun file does not hold; every byte of it is read and checked, never believed. */
  async #missingLeaves(
    file: FileHandle,
    stat: { sizeBytes: number; leafHashes: Uint8Array },
  ): Promise<number[]> {
    const leaf = new Uint8Array(LEAF_BYTES)
    const missing: number[] = []
    for (const index of allLeaves(stat.sizeBytes)) {
      const length = leafLength(stat.sizeBytes, index)
      const { bytesRead } = await file.read(leaf, 0, length, index * LEAF_BYTES)
      const hash = this.#parts.sha256(leaf.subarray(0, bytesRead))
      if (bytesRead !== length || !equalBytes(hash, stat.leafHashes.subarray(index * 32, index * 32 + 32)))
        missing.push(index)
    }
    return missing
  }

  /** Forgets a begun fetch. */
  async forget(cid: string): Promise<void> {
    await rm(this.#parts.assets.partialPathOf(cid), { force: true })
  }
}

function mismatch(message: string): CoopError {
  return new CoopError('asset-corrupt', message, 'Ask another device that holds it.')
}

function allLeaves(sizeBytes: number): number[] {
  return Array.from({ length: leafCount(sizeBytes) }, (_, index) => index)
}

function leafLength(sizeBytes: number, index: number): number {
  return Math.min(LEAF_BYTES, sizeBytes - index * LEAF_BYTES)
}

/** Consecutive leaves, at most one request's worth each. */
function leafRuns(leaves: readonly number[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = []
  for (const index of leaves) {
    const last = runs.at(-1)
    if (last !== undefined && last.to === index && last.to - last.from < LEAVES_PER_REQUEST) last.to += 1
    else runs.push({ from: index, to: index + 1 })
  }
  return runs
}

/** Checks a leaf and puts it in its place. Hashing and writing go on beside the network, on threads of their own. */
async function keepLeaf(
  file: FileHandle,
  leaf: Uint8Array,
  index: number,
  stat: { sizeBytes: number; leafHashes: Uint8Array },
): Promise<void> {
  const hash = new Uint8Array(await webcrypto.subtle.digest('SHA-256', leaf))
  const isRight =
    leaf.length === leafLength(stat.sizeBytes, index) &&
    equalBytes(hash, stat.leafHashes.subarray(index * 32, index * 32 + 32))
  if (!isRight) throw mismatch(`leaf ${index} does not match its hash`)
  await writeAt(file, leaf, index * LEAF_BYTES)
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten
  }
}
