import { createReadStream } from 'node:fs'
import type { Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { CID } from 'multiformats/cid'
import { directoryNodes } from '#protocol/asset'
import type { Sha256 } from '#protocol/identity'
import { CoopError, systemCode } from '#node/errors'
import { cidOf } from './asset-store.ts'
import type { AssetStore } from './asset-store.ts'

/** Depth of a directory tree that is added. A guess; loops cannot happen, since links are not followed. */
export const TREE_DEPTH_MAX = 64

/** One thing that was added. */
export interface AddedTree {
  cid: string
  name: string
  kind: 'file' | 'directory'
  /** Bytes of all files in it. */
  sizeBytes: number
  tsizeBytes: number
}

/** Told while bytes are added. */
export interface AddProgress {
  path: string
  doneBytes: number
  totalBytes: number
}

/** A path that was left out, and why. */
export interface SkippedPath {
  path: string
  reason: string
}

/** What adding stands on. */
export interface AddParts {
  assets: AssetStore
  sha256: Sha256
  onProgress: (progress: AddProgress) => void
  skipped: SkippedPath[]
  signal: AbortSignal
}

/** Adds a file or a whole directory tree; links and special files are skipped and named. */
export async function addPath(path: string, parts: AddParts): Promise<AddedTree> {
  const totalBytes = await treeBytes(path, 0)
  let doneBytes = 0
  const onBytes = (count: number, at: string): void => {
    doneBytes += count
    parts.onProgress({ path: at, doneBytes, totalBytes })
  }
  const added = await addTree(path, 0, parts, onBytes)
  if (added === null) {
    throw new CoopError(
      'path-unreadable',
      `${path} is neither a file nor a directory`,
      'Name a file or a directory.',
    )
  }
  return added
}

async function addTree(
  path: string,
  depth: number,
  parts: AddParts,
  onBytes: (count: number, at: string) => void,
): Promise<AddedTree | null> {
  parts.signal.throwIfAborted()
  const info = await look(path)
  const name = basename(path)
  if (info.isFile()) {
    const source = createReadStream(path, { highWaterMark: 1024 * 1024, signal: parts.signal })
    const file = await parts.assets.addFile(source, (count) => onBytes(count, path))
    return { ...file, name, kind: 'file' }
  }
  if (!info.isDirectory()) {
    parts.skipped.push({ path, reason: info.isSymbolicLink() ? 'a link' : 'a special file' })
    return null
  }
  if (depth >= TREE_DEPTH_MAX) {
    throw new CoopError(
      'path-unreadable',
      `${path} is more than ${TREE_DEPTH_MAX} folders deep`,
      'Add a part of it.',
    )
  }
  const entries: { name: string; cid: CID; tsizeBytes: number }[] = []
  let sizeBytes = 0
  for (const entry of (await readdir(path)).sort()) {
    const child = await addTree(join(path, entry), depth + 1, parts, onBytes)
    if (child === null) continue
    entries.push({ name: entry, cid: cidOf(child.cid), tsizeBytes: child.tsizeBytes })
    sizeBytes += child.sizeBytes
  }
  const made = directoryNodes(entries, parts.sha256)
  if (!made.ok) {
    throw new CoopError(
      'path-unreadable',
      `${path} cannot be a shared directory: ${made.refusal}`,
      'Rename or split it.',
    )
  }
  await parts.assets.putNodes(made.blocks.map(({ cid, bytes }) => ({ cid: cid.toString(), bytes })))
  return { cid: made.cid.toString(), name, kind: 'directory', sizeBytes, tsizeBytes: made.tsizeBytes }
}

async function treeBytes(path: string, depth: number): Promise<number> {
  const info = await look(path)
  if (info.isFile()) return info.size
  if (!info.isDirectory() || depth >= TREE_DEPTH_MAX) return 0
  let total = 0
  for (const entry of await readdir(path)) total += await treeBytes(join(path, entry), depth + 1)
  return total
}

async function look(path: string): Promise<Stats> {
  try {
    return await lstat(path)
  } catch (cause) {
    const why = systemCode(cause) === 'ENOENT' ? 'does not exist' : `cannot be read (${systemCode(cause)})`
    throw new CoopError('path-unreadable', `${path} ${why}`, 'Check the path and its permissions.', cause)
  }
}
