import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { SeededRandom } from '#simulations/mesh'
import type { DiskOperation } from './journal.ts'

/** What a power cut leaves: content by path; null for a folder. */
export type DiskImage = ReadonlyMap<string, Buffer | null>

/**
 * How names reach the disk. `ordered`: in the order in which they were made, and every sync takes all earlier ones
 * along (ext4, xfs). `apart`: the sync of a file takes that file's own name alone, that of a folder those of the
 * folder (what POSIX systems agree on, and btrfs comes close to).
 */
export type NameOrder = 'ordered' | 'apart'

/** What one cut did, to see that interesting ones were among them. */
export interface CutEffects {
  order: NameOrder
  /** Bytes that were written and not synced. */
  unsyncedBytes: number
  /** Of these, bytes that were lost or replaced. */
  lostBytes: number
  /** Files whose tail ends within what was written, or holds pages that never were. */
  tornFiles: number
  /** Names made, moved or removed that the cut undid. */
  undoneNames: number
}

/** Bytes that a disk writes whole or not at all. */
const SECTOR_BYTES = 512
/** Bytes in which a file system hands new content to the disk. */
const PAGE_BYTES = 4_096

/** One file, whatever it is called. */
interface FileNode {
  buffer: Buffer
  length: number
  /** The first bytes that are on the disk for certain. */
  syncedLength: number
  /** Sectors within these that were written again and not synced: what stood there. */
  before: { offset: number; bytes: Buffer }[]
  /** The synced content before a truncation that is not synced itself. */
  replaced: Buffer | null
  /** The change of names that gave it its name. */
  named: NameChange | null
}

interface NameChange {
  /** Place in the list of all changes. */
  at: number
  folders: string[]
  apply: (names: Map<string, FileNode | null>) => void
  /** True once the name is on the disk whatever becomes of the changes around it. */
  isSure: boolean
}

/** A disk that remembers what was synced: give it operations in their order, and cut the power anywhere between. */
export class DiskModel {
  readonly #base: ReadonlyMap<string, FileNode | null>
  readonly #names: Map<string, FileNode | null>
  readonly #byInode = new Map<bigint, FileNode>()
  readonly #changes: NameChange[] = []
  /** Changes that are on the disk for certain: all before this place in `ordered`; those of one folder in `apart`. */
  #orderedFloor = 0
  readonly #folderFloors = new Map<string, number>()
  readonly #isSyncIgnored: boolean

  /** Starts from what is on the disk for certain. `isSyncIgnored`: a disk that lies, to see that the checks notice. */
  constructor(base: DiskImage, isSyncIgnored = false) {
    const nodes = [...base].map(([path, bytes]) => [path, bytes === null ? null : syncedNode(bytes)] as const)
    this.#base = new Map(nodes)
    this.#names = new Map(nodes)
    this.#isSyncIgnored = isSyncIgnored
  }

  apply(operation: DiskOperation): void {
    switch (operation.kind) {
      case 'open':
        return this.#open(operation)
      case 'write':
        return write(this.#node(operation.inode), operation.offset, operation.bytes)
      case 'truncate':
        return truncate(this.#node(operation.inode), operation.length)
      case 'sync':
        return this.#sync(operation)
      case 'rename':
        return this.#rename(operation.from, operation.to)
      case 'unlink':
      case 'remove-folder':
        return this.#remove(operation.path)
      case 'make-folder':
        this.#change([operation.path], (names) => names.set(operation.path, null))
        return
    }
  }

  /** What is there when the power comes back, drawn from all that may be. */
  cut(random: SeededRandom): { image: DiskImage; effects: CutEffects } {
    const order: NameOrder = random.below(2) === 0 ? 'ordered' : 'apart'
    const effects: CutEffects = { order, unsyncedBytes: 0, lostBytes: 0, tornFiles: 0, undoneNames: 0 }
    const names = new Map(this.#base)
    const isKept = order === 'ordered' ? this.#orderedChoice(random) : this.#apartChoice(random)
    for (const change of this.#changes) {
      if (change.isSure || isKept(change)) change.apply(names)
      else effects.undoneNames += 1
    }
    const image = new Map<string, Buffer | null>()
    for (const [path, node] of names)
      image.set(path, node === null ? null : contentAfterCut(node, random, effects))
    return { image, effects }
  }

  #orderedChoice(random: SeededRandom): (change: NameChange) => boolean {
    const kept = between(this.#orderedFloor, this.#changes.length, random)
    return (change) => change.at < kept
  }

  #apartChoice(random: SeededRandom): (change: NameChange) => boolean {
    const kept = new Map<string, number>()
    for (const folder of new Set(this.#changes.flatMap((it) => it.folders))) {
      kept.set(folder, between(this.#folderFloors.get(folder) ?? 0, this.#changes.length, random))
    }
    return (change) => change.folders.some((folder) => change.at < (kept.get(folder) ?? 0))
  }

  #node(inode: bigint): FileNode {
    const node = this.#byInode.get(inode)
    if (node === undefined) throw new Error(`the journal writes to inode ${inode}, which it never opened`)
    return node
  }

  #open(operation: DiskOperation & { kind: 'open' }): void {
    const { path, inode } = operation
    const known = this.#names.get(path)
    if (operation.isCreated || known === null || known === undefined) {
      const node = syncedNode(Buffer.alloc(0))
      this.#byInode.set(inode, node)
      node.named = this.#change([path], (names) => names.set(path, node))
      return
    }
    this.#byInode.set(inode, known)
    if (operation.isTruncated) truncate(known, 0)
  }

  #sync(operation: DiskOperation & { kind: 'sync' }): void {
    if (this.#isSyncIgnored) return
    this.#orderedFloor = this.#changes.length
    if (operation.isFolder) {
      this.#folderFloors.set(operation.path, this.#changes.length)
      return
    }
    const node = this.#byInode.get(operation.inode)
    if (node === undefined) return // opened for reading: nothing of it is new
    node.syncedLength = node.length
    node.before = []
    node.replaced = null
    if (node.named !== null) node.named.isSure = true
  }

  #rename(from: string, to: string): void {
    const node = this.#names.get(from)
    if (node === undefined) throw new Error(`the journal renames ${from}, which is not there`)
    const change = this.#change([from, to], (names) => {
      names.delete(from)
      names.set(to, node)
      if (node === null) moveWithin(from, to, names)
    })
    if (node !== null) node.named = change
  }

  #remove(path: string): void {
    const node = this.#names.get(path)
    this.#change([path], (names) => {
      if (names.get(path) === node) names.delete(path)
    })
  }

  #change(paths: readonly string[], apply: NameChange['apply']): NameChange {
    const folders = [...new Set(paths.map((path) => (dirname(path) === '.' ? '' : dirname(path))))]
    const change: NameChange = { at: this.#changes.length, folders, apply, isSure: false }
    this.#changes.push(change)
    apply(this.#names)
    return change
  }
}

/** The files and folders below `folder`, as they are. */
export function readImage(folder: string): DiskImage {
  const image = new Map<string, Buffer | null>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    image.set(path.slice(folder.length + 1), entry.isDirectory() ? null : readFileSync(path))
  }
  return image
}

/** Puts an image into the empty `folder`. */
export function writeImage(image: DiskImage, folder: string): void {
  for (const [path, bytes] of image) {
    const target = join(folder, path)
    // A file can be on the disk only with the folders above it, whatever was said of their own names.
    mkdirSync(bytes === null ? target : dirname(target), { recursive: true })
    if (bytes !== null) writeFileSync(target, bytes)
  }
}

/** What is in a folder goes where the folder goes. */
function moveWithin(from: string, to: string, names: Map<string, FileNode | null>): void {
  for (const [path, node] of [...names].filter(([path]) => path.startsWith(`${from}/`))) {
    names.delete(path)
    names.set(to + path.slice(from.length), node)
  }
}

function syncedNode(bytes: Buffer): FileNode {
  const { length } = bytes
  return { buffer: bytes, length, syncedLength: length, before: [], replaced: null, named: null }
}

function write(node: FileNode, offset: number, bytes: Buffer): void {
  const end = offset + bytes.length
  const first = offset - (offset % SECTOR_BYTES)
  for (let at = first; at < Math.min(end, node.syncedLength); at += SECTOR_BYTES) {
    const old = node.buffer.subarray(at, Math.min(at + SECTOR_BYTES, node.syncedLength))
    if (!node.before.some((it) => it.offset === at)) node.before.push({ offset: at, bytes: Buffer.from(old) })
  }
  if (end > node.buffer.length) {
    const grown = Buffer.alloc(Math.max(end, 2 * node.buffer.length))
    node.buffer.copy(grown, 0, 0, node.length)
    node.buffer = grown
  } else if (offset < node.syncedLength) {
    // An image may still share these bytes.
    node.buffer = Buffer.from(node.buffer)
  }
  bytes.copy(node.buffer, offset)
  node.length = Math.max(node.length, end)
}

function truncate(node: FileNode, length: number): void {
  if (length < node.syncedLength) {
    node.replaced ??= Buffer.from(node.buffer.subarray(0, node.syncedLength))
    node.syncedLength = length
    node.before = node.before.filter((it) => it.offset < length)
  }
  const resized = Buffer.alloc(length)
  node.buffer.copy(resized, 0, 0, Math.min(node.length, length))
  node.buffer = resized
  node.length = length
}

function contentAfterCut(node: FileNode, random: SeededRandom, effects: CutEffects): Buffer {
  if (node.replaced !== null && random.below(2) === 0) return node.replaced
  const tail = node.length - node.syncedLength
  effects.unsyncedBytes += tail
  const kept = Buffer.from(node.buffer.subarray(0, node.syncedLength + keptOfTail(tail, random)))
  for (const { offset, bytes } of node.before) {
    effects.unsyncedBytes += bytes.length
    if (random.below(2) === 0) bytes.copy(kept, offset)
  }
  const spoilt = tail > 0 && random.below(3) === 0 ? spoilPages(kept, node.syncedLength, random) : 0
  const lost = node.length - kept.length
  effects.lostBytes += lost + spoilt
  if (spoilt > 0 || (lost > 0 && lost < tail)) effects.tornFiles += 1
  return kept
}

/** How much of what was not synced has a place in the file: nothing, all, or some. */
function keptOfTail(tail: number, random: SeededRandom): number {
  const draw = random.below(4)
  if (draw === 0) return 0
  return draw === 1 ? tail : random.below(tail + 1)
}

/** Leaves some pages after `from` as zeros or as what was on the disk before; gives the number of bytes spoilt. */
function spoilPages(bytes: Buffer, from: number, random: SeededRandom): number {
  let spoilt = 0
  for (let at = from; at < bytes.length;) {
    const end = Math.min(bytes.length, at - (at % PAGE_BYTES) + PAGE_BYTES)
    const draw = random.below(3)
    if (draw === 1) bytes.fill(0, at, end)
    if (draw === 2) bytes.set(random.bytes(end - at), at)
    if (draw > 0) spoilt += end - at
    at = end
  }
  return spoilt
}

/** A number from `least` to `most`: often an end, since the ends are what goes wrong. */
function between(least: number, most: number, random: SeededRandom): number {
  const draw = random.below(3)
  if (draw === 0) return least
  return draw === 1 ? most : least + random.below(most - least + 1)
}
