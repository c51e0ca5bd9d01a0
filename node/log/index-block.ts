import { RowIndex } from '#protocol/history'

/** What the store keeps of a commit beside its record, so that a node opens without reading the records. */
export interface IndexRow {
  /** Commit id, 32 bytes. */
  id: Uint8Array
  /** Device key, 32 bytes. */
  device: Uint8Array
  seq: number
  /** Order of the commit before on the chain; -1 for a first commit. */
  prev: number
  /** Orders of the acknowledged heads. */
  seen: readonly number[]
  /** Its own signature was checked. */
  isSigned: boolean
  /** It is the first of its block in the log. */
  isBlockStart: boolean
  /** Documents that it has sections of. */
  documents: readonly string[]
}

/** Rows of consecutive commits. */
export interface IndexBlock {
  /** Order of the first row's commit. */
  first: number
  rows: readonly IndexRow[]
}

/**
 * Bytes of a block: version, first order, number of rows; tables of the device keys and document names in it; then the
 * rows: id, place of the device, seq, prev plus one, flags, and the lists with their lengths. Numbers are 4 bytes, big
 * endian. The store puts a hash behind it.
 */
export function encodeIndexBlock({ first, rows }: IndexBlock): Uint8Array {
  const devices = new RowIndex(0)
  const documents = new Map<string, number>()
  let wordCount = 0
  for (const row of rows) {
    if (devices.find(row.device) < 0) devices.add(row.device)
    for (const name of row.documents) if (!documents.has(name)) documents.set(name, documents.size)
    wordCount += ROW_WORDS + row.seen.length + row.documents.length
  }
  const names = Buffer.from([...documents.keys()].join('\n'), 'latin1')
  const idsAt = HEAD_BYTES + 32 * devices.length
  const namesAt = idsAt + 32 * rows.length
  const bytes = new Uint8Array(namesAt + names.length + 4 * wordCount)
  const view = new DataView(bytes.buffer)
  let at = 0
  const put = (word: number): void => {
    view.setUint32(at, word)
    at += 4
  }
  for (const word of [VERSION, first, rows.length, devices.length, names.length, wordCount]) put(word)
  for (let i = 0; i < devices.length; i += 1) bytes.set(devices.rows.at(i) ?? NO_KEY, HEAD_BYTES + 32 * i)
  bytes.set(names, namesAt)
  at = namesAt + names.length
  let idAt = idsAt
  for (const row of rows) {
    bytes.set(row.id, idAt)
    idAt += 32
    put(devices.find(row.device))
    put(row.seq)
    put(row.prev + 1)
    put((row.isSigned ? SIGNED : 0) | (row.isBlockStart ? BLOCK_START : 0))
    put(row.seen.length)
    for (const seen of row.seen) put(seen)
    put(row.documents.length)
    for (const name of row.documents) put(documents.get(name) ?? 0)
  }
  return bytes
}

/** The block, or null when the bytes are no block that begins at `first`. Ids and keys are views. Never throws. */
export function decodeIndexBlock(bytes: Uint8Array, first: number): IndexBlock | null {
  if (bytes.length < HEAD_BYTES) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getUint32(0) !== VERSION || view.getUint32(4) !== first) return null
  const [rowCount, deviceCount, nameBytes] = [view.getUint32(8), view.getUint32(12), view.getUint32(16)]
  const idsAt = HEAD_BYTES + 32 * deviceCount
  const namesAt = idsAt + 32 * rowCount
  const wordsAt = namesAt + nameBytes
  if (wordsAt + 4 * view.getUint32(20) !== bytes.length) return null
  const names = Buffer.from(bytes.buffer, bytes.byteOffset + namesAt, nameBytes)
    .toString('latin1')
    .split('\n')
  const reader = new WordReader(
    new DataView(bytes.buffer, bytes.byteOffset + wordsAt, bytes.length - wordsAt),
  )
  const rows: IndexRow[] = []
  for (let i = 0; i < rowCount && !reader.isOff; i += 1) {
    const device = reader.next()
    if (device >= deviceCount) return null
    const [seq, prev, flags] = [reader.next(), reader.next() - 1, reader.next()]
    const seen = reader.list()
    const documents = reader.list().map((place) => names[place])
    rows.push({
      id: bytes.subarray(idsAt + 32 * i, idsAt + 32 * i + 32),
      device: bytes.subarray(HEAD_BYTES + 32 * device, HEAD_BYTES + 32 * device + 32),
      ...{ seq, prev, seen },
      isSigned: (flags & SIGNED) !== 0,
      isBlockStart: (flags & BLOCK_START) !== 0,
      documents: documents.filter((name) => name !== undefined),
    })
    if (documents.includes(undefined)) return null
  }
  return reader.isDone ? { first, rows } : null
}

/** Reads numbers of 4 bytes; past the end it gives zeros and says so. */
class WordReader {
  isOff = false
  #at = 0
  readonly #view: DataView

  constructor(view: DataView) {
    this.#view = view
  }

  get isDone(): boolean {
    return !this.isOff && this.#at === this.#view.byteLength
  }

  next(): number {
    if (this.#at + 4 > this.#view.byteLength) {
      this.isOff = true
      return 0
    }
    this.#at += 4
    return this.#view.getUint32(this.#at - 4)
  }

  list(): number[] {
    const values: number[] = []
    for (let left = this.next(); left > 0 && !this.isOff; left -= 1) values.push(this.next())
    return values
  }
}

const VERSION = 1
const HEAD_BYTES = 24
const SIGNED = 1
const BLOCK_START = 2
/** Words of a row beside those of its lists. */
const ROW_WORDS = 6
const NO_KEY: Uint8Array = new Uint8Array(32)
