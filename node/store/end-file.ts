import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCode } from '#node/errors'
import { syncFolder } from '#node/folder'

/** Bytes of content that a mark may hold. */
export const END_MARK_BYTES_MAX = 256

/** What an end file held when it was opened. */
export interface EndFileContent {
  /** The newest mark that is whole, or null. */
  mark: Uint8Array | null
  /** Marks that are there and cannot be read. */
  damaged: number
  /** True when there was no file. */
  isNew: boolean
}

/**
 * Says beside a database how far it went. LevelDB opens with the tail of its log missing and says nothing; whoever
 * compares finds out. Two marks in turn, far enough apart that no torn write hits both, overwritten in place without
 * fsync: a mark is written after what it tells of was synced, so that it may lag behind and never runs ahead.
 */
export class EndFile {
  /** What was there at the start. */
  readonly found: EndFileContent
  readonly #file: FileHandle
  #count: number

  private constructor(file: FileHandle, found: EndFileContent, count: number) {
    this.#file = file
    this.found = found
    this.#count = count
  }

  /** Opens the file, or makes it. */
  static async open(path: string): Promise<EndFile> {
    const known = await open(path, 'r+').catch((cause: unknown) => {
      if (systemCode(cause) === 'ENOENT') return null
      throw cause
    })
    if (known === null) return EndFile.#make(path)
    const slots = await Promise.all(SLOTS.map(async (at) => readSlot(known, at)))
    const marks = slots.filter((it) => it !== 'empty' && it !== 'damaged').sort((a, b) => b.count - a.count)
    const [newest] = marks
    const damaged = slots.filter((it) => it === 'damaged').length
    return new EndFile(known, { mark: newest?.content ?? null, damaged, isNew: false }, newest?.count ?? 0)
  }

  static async #make(path: string): Promise<EndFile> {
    const file = await open(path, 'w+', 0o600)
    await file.write(new Uint8Array(FILE_BYTES), 0, FILE_BYTES, 0)
    await file.sync()
    await syncFolder(dirname(path))
    return new EndFile(file, { mark: null, damaged: 0, isNew: true }, 0)
  }

  /** Replaces the mark. Not handed to another thread: it takes microseconds, and every batch of commits waits for it. */
  write(content: Uint8Array): void {
    if (content.length > END_MARK_BYTES_MAX) throw new RangeError(`a mark of ${content.length} bytes`)
    this.#count += 1
    const slot = encodeSlot(this.#count, content)
    writeSync(this.#file.fd, slot, 0, slot.length, SLOTS[this.#count % SLOTS.length] ?? 0)
  }

  async close(): Promise<void> {
    // A mark that a power cut then takes back is an older one: true, if it says less.
    await this.#file.sync().catch((cause: unknown) => {
      if (systemCode(cause) === null) throw cause
    })
    await this.#file.close()
  }
}

/** One page apart. */
const SLOTS: readonly number[] = [0, 4_096]
const HEAD_BYTES = 8
const HASH_BYTES = 32
const SLOT_BYTES = HEAD_BYTES + END_MARK_BYTES_MAX + HASH_BYTES
const FILE_BYTES = 4_096 + SLOT_BYTES

/** Count and length, 4 bytes each; the content, filled up with zeros; SHA-256 of all that. */
function encodeSlot(count: number, content: Uint8Array): Uint8Array {
  const slot = new Uint8Array(SLOT_BYTES)
  const view = new DataView(slot.buffer)
  view.setUint32(0, count)
  view.setUint32(4, content.length)
  slot.set(content, HEAD_BYTES)
  slot.set(hashOf(slot), SLOT_BYTES - HASH_BYTES)
  return slot
}

async function readSlot(
  file: FileHandle,
  at: number,
): Promise<{ count: number; content: Uint8Array } | 'empty' | 'damaged'> {
  const slot = new Uint8Array(SLOT_BYTES)
  const { bytesRead } = await file.read(slot, 0, SLOT_BYTES, at)
  if (bytesRead === SLOT_BYTES && slot.every((byte) => byte === 0)) return 'empty'
  if (bytesRead < SLOT_BYTES || Buffer.compare(hashOf(slot), slot.subarray(SLOT_BYTES - HASH_BYTES)) !== 0)
    return 'damaged'
  const view = new DataView(slot.buffer)
  const content = slot.slice(HEAD_BYTES, HEAD_BYTES + Math.min(view.getUint32(4), END_MARK_BYTES_MAX))
  return { count: view.getUint32(0), content }
}

function hashOf(slot: Uint8Array): Uint8Array {
  return createHash('sha256')
    .update(slot.subarray(0, SLOT_BYTES - HASH_BYTES))
    .digest()
}
