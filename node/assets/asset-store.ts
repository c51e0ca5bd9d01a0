import { createHash } from 'node:crypto'
import { open, rename, rm, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { LEAF_BYTES, fileCid, leafCount } from '#protocol/asset'
import { decodeCanonical, encodeCanonical, isCount } from '#protocol/encoding'
import type { Sha256 } from '#protocol/identity'
import { CoopError, systemCode } from '#node/errors'
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
  #temporaryCount = 0

  constructor(parts: { store: Store; assetsPath: string; partialPath: string; sha256: Sha256 }) {
    this.#store = parts.store
    this.#assetsPath = parts.assetsPath
    this.#partialPath = parts.partialPath
    this.#sha256 = parts.sha256
  }

  /** The index entry of a CID, or null. */
  async get(cid: string): Promise<StoredAsset | null> {
    const value = await this.#store.get(`a/${cid}`)
    return value === null ? null : decodeEntry(cid, value)
  }

  /** False for a file whose bytes are gone from the disk, or not all there: somebody cleaned up by hand. */
  async isOnDisk(asset: StoredAsset): Promise<boolean> {
    return asset.kind === 'node' || (await fileSize(this.pathOf(asset.cid))) === asset.sizeBytes
  }

  /** True when the whole asset, with all that a directory holds, is here. */
  async isHeld(cid: string): Promise<boolean> {
    return (await this.#store.get(`h/${cid}`)) !== null
  }

  /** CIDs of all assets that are held whole. */
  async held(): Promise<Set<string>> {
    const held = new Set<string>()
    for await (const batch of this.#store.entries('h/')) for (const [key] of batch) held.add(key.slice(2))
    return held
  }

  async markHeld(cids: readonly string[]): Promise<void> {
    await this.#store.write(cids.map((cid) => ({ type: 'put', key: `h/${cid}`, value: new Uint8Array() })))
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

  /** Reads one leaf of a held file, unchecked: for members, who check every leaf themselves. */
  async readLeaf(file: StoredFile, handle: FileHandle, index: number): Promise<Uint8Array> {
    const length = Math.min(LEAF_BYTES, file.sizeBytes - index * LEAF_BYTES)
    const leaf = Buffer.allocUnsafeSlow(length)
    const { bytesRead } = await handle.read(leaf, 0, length, index * LEAF_BYTES)
    if (bytesRead !== length) throw damaged(file, index)
    return leaf
  }

  /** Reads one leaf of a held file and checks it against its hash: for whoever trusts this node. */
  async readCheckedLeaf(file: StoredFile, handle: FileHandle, index: number): Promise<Uint8Array> {
    const leaf = await this.readLeaf(file, handle, index)
    const expected = file.leafHashes.subarray(index * 32, index * 32 + 32)
    if (Buffer.compare(this.#sha256(leaf), expected) !== 0) throw damaged(file, index)
    return leaf
  }

  /** Opens the bytes of a held file. */
  async openFile(cid: string): Promise<FileHandle> {
    try {
      return await open(this.pathOf(cid), 'r')
    } catch (cause) {
      if (systemCode(cause) !== 'ENOENT') throw cause
      const next = `Fetch it again: coop get ${cid}`
      throw new CoopError('asset-corrupt', `the bytes of ${cid} are missing from this disk`, next, cause)
    }
  }

  async #adopt(path: string, sizeBytes: number, leafHashes: Uint8Array): Promise<StoredFile> {
    const { cid, tsizeBytes } = fileCid(sizeBytes, leafHashes, this.#sha256)
    const name = cid.toString()
    await rename(path, this.pathOf(name))
    await syncFolder(this.#assetsPath)
    const value = encodeCanonical(['file', sizeBytes, tsizeBytes, leafHashes])
    await this.#store.write([{ type: 'put', key: `a/${name}`, value }])
    return { kind: 'file', cid: name, sizeBytes, tsizeBytes, leafHashes }
  }
}

function damaged(file: StoredFile, index: number): CoopError {
  return new CoopError(
    'asset-corrupt',
    `leaf ${index} of ${file.cid} is damaged on this disk`,
    'Check the disk. `coop get` on another node still works from other holders.',
  )
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
