import { createHash, webcrypto } from 'node:crypto'
import { open, rename, rm, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { LEAF_BYTES, fileCid, leafCount, readDirectoryNode } from '#protocol/asset'
import { decodeCanonical, encodeCanonical, isCount } from '#protocol/encoding'
import type { Sha256 } from '#protocol/identity'
import { CoopError, systemCode } from '#node/errors'
import type { FindingLog } from '#node/findings'
import { syncFolder } from '#node/folder'
import type { Store, StoreChange } from '#node/store'

/** A file that this node holds whole. */
export interface StoredFile {
  kind: 'file'
  cid: string
  sizeBytes: number
  tsizeBytes: number
  /** SHA-256 of each leaf, one after the other. */
  leafHashes: Uint8Array
}

/** A node of a directory tree that this node holds; what it links to may be missing. */
export interface StoredNode {
  kind: 'node'
  cid: string
  block: Uint8Array
}

/** What the store has under a CID. */
export type StoredAsset = StoredFile | StoredNode

/** Where the bytes of a new file come from. */
export type ByteSource = AsyncIterable<Uint8Array>

/**
 * Assets on the disk: one plain file each, named by its CID, and an index entry in the database. A file is there
 * for others only once its bytes are synced and its entry is written.
 */
export class AssetStore {
  readonly #store: Store
  readonly #assetsPath: string
  readonly #partialPath: string
  readonly #sha256: Sha256
  /** Files without an entry that could not be moved away, because the disk refused that as well. */
  readonly #stranded = new Set<string>()
  #clearing: Promise<void> | null = null
  #temporaryCount = 0
  /** Called when the entry or the bytes of an asset turn out to be damaged or gone. They are not given out. */
  onDamage: (cid: string) => void = () => undefined

  constructor(parts: { store: Store; assetsPath: string; partialPath: string; sha256: Sha256 }) {
    this.#store = parts.store
    this.#assetsPath = parts.assetsPath
    this.#partialPath = parts.partialPath
    this.#sha256 = parts.sha256
  }

  /** Where damage is noted. */
  get findings(): FindingLog {
    return this.#store.findings
  }

  /** The index entry of a CID, or null: one that is damaged is none. */
  async get(cid: string): Promise<StoredAsset | null> {
    if (this.#stranded.size > 0) await this.#clear()
    const read = await this.#store.read(`a/${cid}`)
    if (read.state === 'damaged') this.onDamage(cid)
    return read.state === 'whole' ? decodeEntry(cid, read.value) : null
  }

  /** False for a file whose bytes are gone from the disk, or not all there: somebody cleaned up by hand. */
  async isOnDisk(asset: StoredAsset): Promise<boolean> {
    return asset.kind === 'node' || (await fileSize(this.pathOf(asset.cid))) === asset.sizeBytes
  }

  /** True when the whole asset, with all that a directory holds, is here. */
  async isHeld(cid: string): Promise<boolean> {
    return (await this.#store.read(`h/${cid}`)).state === 'whole'
  }

  /** CIDs of all assets that are held whole. */
  async held(): Promise<Set<string>> {
    const held = new Set<string>()
    for await (const batch of this.#store.entries('h/')) for (const [key] of batch) held.add(key.slice(2))
    return held
  }

  /** CIDs of all entries, also of those that are damaged. */
  async *cids(): AsyncGenerator<string> {
    for await (const key of this.#store.keys('a/')) yield key.slice(2)
  }

  /** Notes that assets are here whole. */
  async markHeld(cids: readonly string[]): Promise<void> {
    await this.#store.write(
      cids.flatMap((cid): StoreChange[] => [
        { type: 'put', key: `h/${cid}`, value: new Uint8Array() },
        { type: 'del', key: `r/${cid}` },
      ]),
    )
  }

  /** CIDs of assets that were held whole, and of which something is to be fetched again. */
  async toFetch(): Promise<string[]> {
    const cids: string[] = []
    for await (const key of this.#store.keys('r/')) cids.push(key.slice(2))
    return cids
  }

  /** Assets that were held, and must be fetched again before they are. */
  async markToFetch(cids: readonly string[]): Promise<void> {
    await this.#store.write(toFetchChanges(cids))
  }

  /**
   * Takes a damaged file or directory node out of the store; the assets that it is a part of are to be fetched again.
   * What is left of a file becomes a begun fetch: of its leaves those that are whole are not fetched again.
   */
  async distrust(cid: string, partOf: readonly string[]): Promise<void> {
    await this.#store.write([{ type: 'del', key: `a/${cid}` }, ...toFetchChanges(partOf)])
    // A fetch that has begun since may have taken it.
    await rename(this.pathOf(cid), this.partialPathOf(cid)).catch(ignoreMissing)
  }

  /** Begins a fetch with bytes that lie in the store without an entry, if there are any. */
  async reclaim(cid: string): Promise<void> {
    if ((await this.#store.read(`a/${cid}`)).state === 'whole') return
    await rename(this.pathOf(cid), this.partialPathOf(cid)).catch(ignoreMissing)
  }

  /**
   * Everything that an asset is made of and that is here, each part once, the asset itself first: entries, and null
   * for what is missing.
   */
  async *parts(root: string): AsyncGenerator<{ cid: string; asset: StoredAsset | null }> {
    const seen = new Set([root])
    const todo = [root]
    for (let cid = todo.pop(); cid !== undefined; cid = todo.pop()) {
      const asset = await this.get(cid)
      yield { cid, asset }
      const node = asset?.kind === 'node' ? readDirectoryNode(asset.block) : null
      if (node?.ok !== true) continue
      for (const child of [...node.entries.map((it) => it.cid), ...node.shards]) {
        const name = child.toString()
        if (!seen.has(name)) todo.push(name)
        seen.add(name)
      }
    }
  }

  /** Path of the bytes of a held file. */
  pathOf(cid: string): string {
    return join(this.#assetsPath, cid)
  }

  /** Path where a file is put together while it is fetched. */
  partialPathOf(cid: string): string {
    return join(this.#partialPath, cid)
  }

  /** Stores directory nodes; one fsync for all. */
  async putNodes(blocks: readonly { cid: string; bytes: Uint8Array }[]): Promise<void> {
    const changes = blocks.map(({ cid, bytes }): StoreChange => {
      return { type: 'put', key: `a/${cid}`, value: encodeCanonical(['node', bytes]) }
    })
    if (changes.length > 0) await this.#store.write(changes)
  }

  /**
   * Streams new bytes into the store: memory for one leaf, hashed while they are written, synced before they are
   * named. On any failure nothing is left behind.
   */
  async addFile(source: ByteSource, onBytes: (count: number) => void): Promise<StoredFile> {
    this.#temporaryCount += 1
    const temporary = join(this.#partialPath, `add-${process.pid}-${this.#temporaryCount}`)
    try {
      const { sizeBytes, leafHashes } = await writeLeaves(temporary, source, onBytes)
      return await this.#adopt(temporary, sizeBytes, leafHashes)
    } catch (cause) {
      await rm(temporary, { force: true })
      throw cause
    }
  }

  /** Makes a whole fetched file part of the store. Its bytes were verified and synced by the caller. */
  async adoptPartial(cid: string, sizeBytes: number, leafHashes: Uint8Array): Promise<StoredFile> {
    return this.#adopt(this.partialPathOf(cid), sizeBytes, leafHashes)
  }

  /** Reads one leaf of a held file and checks it against its hash; the hashing goes on on another thread. */
  async readCheckedLeaf(file: StoredFile, handle: FileHandle, index: number): Promise<Uint8Array> {
    const leaf = await this.#readLeaf(file, handle, index)
    if (leaf !== null) return leaf
    this.onDamage(file.cid)
    throw damaged(file, index)
  }

  /** True when a leaf of a held file is what its hash says. Nothing is done about one that is not. */
  async isLeafWhole(file: StoredFile, handle: FileHandle, index: number): Promise<boolean> {
    return (await this.#readLeaf(file, handle, index)) !== null
  }

  /** Makes the entry of a file anew that lies in the store without one; false when its bytes are not what its CID names. */
  async adoptUnlisted(cid: string): Promise<boolean> {
    const handle = await this.openFile(cid)
    const hashes: Uint8Array[] = []
    const { size } = await handle.stat()
    try {
      const leaf = Buffer.allocUnsafeSlow(LEAF_BYTES)
      for (let index = 0; index < leafCount(size); index += 1) {
        const read = await readSome(handle, leaf, index * LEAF_BYTES)
        hashes.push(this.#sha256(leaf.subarray(0, read)))
      }
    } finally {
      await handle.close()
    }
    const leafHashes = new Uint8Array(Buffer.concat(hashes))
    const made = fileCid(size, leafHashes, this.#sha256)
    if (made.cid.toString() !== cid) return false
    const value = encodeCanonical(['file', size, made.tsizeBytes, leafHashes])
    await this.#store.write([{ type: 'put', key: `a/${cid}`, value }])
    return true
  }

  /** Opens the bytes of a held file. */
  async openFile(cid: string): Promise<FileHandle> {
    try {
      return await open(this.pathOf(cid), 'r')
    } catch (cause) {
      if (systemCode(cause) !== 'ENOENT') throw cause
      this.onDamage(cid)
      const next = `Fetch it again: coop get ${cid}`
      throw new CoopError('asset-corrupt', `the bytes of ${cid} are missing from this disk`, next, cause)
    }
  }

  async #readLeaf(file: StoredFile, handle: FileHandle, index: number): Promise<Uint8Array | null> {
    const length = Math.min(LEAF_BYTES, file.sizeBytes - index * LEAF_BYTES)
    const leaf = Buffer.allocUnsafeSlow(length)
    const expected = file.leafHashes.subarray(index * 32, index * 32 + 32)
    const bytesRead = await readSome(handle, leaf, index * LEAF_BYTES)
    return bytesRead === length && Buffer.compare(await hashOf(leaf), expected) === 0 ? leaf : null
  }

  /** Removes files that no entry names, left while the disk refused everything. One time after the other. */
  async #clear(): Promise<void> {
    this.#clearing ??= this.#clearOnce().finally(() => {
      this.#clearing = null
    })
    await this.#clearing
  }

  async #clearOnce(): Promise<void> {
    for (const name of this.#stranded) {
      try {
        const { state } = await this.#store.read(`a/${name}`)
        // Whoever brings it again meanwhile takes it off the list first.
        if (state === 'missing' && this.#stranded.has(name)) await rm(this.pathOf(name), { force: true })
        this.#stranded.delete(name)
      } catch {
        // The disk still refuses; the next look tries again.
      }
    }
  }

  async #adopt(path: string, sizeBytes: number, leafHashes: Uint8Array): Promise<StoredFile> {
    const { cid, tsizeBytes } = fileCid(sizeBytes, leafHashes, this.#sha256)
    const name = cid.toString()
    await this.#clearing
    this.#stranded.delete(name)
    const before = await this.#store.read(`a/${name}`)
    await rename(path, this.pathOf(name))
    const value = encodeCanonical(['file', sizeBytes, tsizeBytes, leafHashes])
    try {
      await syncFolder(this.#assetsPath)
      await this.#store.write([{ type: 'put', key: `a/${name}`, value }])
    } catch (cause) {
      // Bytes that no entry names go back to whoever brought them; those that were here before stay.
      // A store that is being opened again after the failure may not answer: then nothing was written.
      const now = await this.#store.read(`a/${name}`).catch(() => before)
      if (now.state === 'missing')
        await rename(this.pathOf(name), path).catch(() => {
          // Removed as soon as the disk works again.
          this.#stranded.add(name)
        })
      throw cause
    }
    return { kind: 'file', cid: name, sizeBytes, tsizeBytes, leafHashes }
  }
}

function damaged(file: StoredFile, index: number): CoopError {
  return new CoopError(
    'asset-corrupt',
    `leaf ${index} of ${file.cid} is damaged on this disk`,
    'It is fetched again from other holders as soon as one is connected; then try again. Check the disk.',
  )
}

function toFetchChanges(cids: readonly string[]): StoreChange[] {
  return cids.flatMap((cid): StoreChange[] => [
    { type: 'del', key: `h/${cid}` },
    { type: 'put', key: `r/${cid}`, value: new Uint8Array() },
  ])
}

/** Size of a file, or null when there is none. */
export async function fileSize(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return null
    throw cause
  }
}

/** The CID object behind a stored name. */
export function cidOf(name: string): CID {
  return CID.parse(name)
}

async function writeLeaves(
  path: string,
  source: ByteSource,
  onBytes: (count: number) => void,
): Promise<{ sizeBytes: number; leafHashes: Uint8Array }> {
  const file = await open(path, 'w', 0o600)
  try {
    const hashes: Uint8Array[] = []
    let leaf = createHash('sha256')
    let inLeaf = 0
    let sizeBytes = 0
    for await (const chunk of source) {
      for (let at = 0; at < chunk.length;) {
        const part = chunk.subarray(at, at + LEAF_BYTES - inLeaf)
        leaf.update(part)
        inLeaf += part.length
        at += part.length
        if (inLeaf < LEAF_BYTES) continue
        hashes.push(leaf.digest())
        leaf = createHash('sha256')
        inLeaf = 0
      }
      await writeAll(file, chunk)
      sizeBytes += chunk.length
      onBytes(chunk.length)
    }
    if (inLeaf > 0 || hashes.length < leafCount(sizeBytes)) hashes.push(leaf.digest())
    await file.sync()
    return { sizeBytes, leafHashes: new Uint8Array(Buffer.concat(hashes)) }
  } finally {
    await file.close()
  }
}

/** Bytes read into `leaf` from a place of a file; 0 where the disk gives nothing back. */
async function readSome(handle: FileHandle, leaf: Uint8Array, position: number): Promise<number> {
  let read = 0
  try {
    while (read < leaf.length) {
      const { bytesRead } = await handle.read(leaf, read, leaf.length - read, position + read)
      if (bytesRead === 0) return read
      read += bytesRead
    }
  } catch (cause) {
    if (systemCode(cause) !== 'EIO') throw cause
    return 0
  }
  return read
}

async function hashOf(leaf: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await webcrypto.subtle.digest('SHA-256', leaf))
}

function ignoreMissing(cause: unknown): void {
  if (systemCode(cause) !== 'ENOENT') throw cause
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten
}

function decodeEntry(cid: string, value: Uint8Array): StoredAsset | null {
  const decoded = decodeCanonical(value)
  if (!decoded.ok || !Array.isArray(decoded.value)) return null
  const [kind, first, tsizeBytes, leafHashes] = decoded.value
  if (kind === 'node' && first instanceof Uint8Array) return { kind, cid, block: first }
  if (kind !== 'file' || !isCount(first) || !isCount(tsizeBytes) || !(leafHashes instanceof Uint8Array))
    return null
  return { kind, cid, sizeBytes: first, tsizeBytes, leafHashes }
}
