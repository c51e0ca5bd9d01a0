import type { Logger } from 'pino'
import { commitMessage, decodeRecord } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { equalBytes, toHex } from '#protocol/encoding'
import type { Sha256 } from '#protocol/identity'
import type { ServedCommit } from '#protocol/sync'
import { CountList } from '#protocol/history'
import type { LatePayload, Replica } from '#protocol/replica'
import { orderKey, orderOf } from '#node/store'
import type { Store, StoreChange } from '#node/store'
import { BlockCache } from './block-cache.ts'
import { IndexCursor, decodeIndexBlock, encodeIndexBlock } from './index-block.ts'
import type { IndexRow } from './index-block.ts'
import { LatePayloads } from './late-payloads.ts'
import type { LogBatch, LogRow } from './log-batch.ts'
import { missingOf } from './log-batch.ts'
import { decodeLogBlock, encodeLogBlock, salvageLogBlock } from './log-block.ts'

/** Rows of index that are put together once so many blocks of few were written: opening reads blocks, not commits. */
export const MERGE_ROWS = 1_024
/** Commits whose acts a replica keeps while it is loaded: some 5 MB. */
const HELD_MAX = 16_384
/** Index blocks read at a time: some 50 KB each. */
const INDEX_BATCH = 32

/** What a log stands on. */
export interface CommitLogParts {
  store: Store
  sha256: Sha256
  log: Logger
  /** Commits whose acts the replica keeps while it is loaded, at most; by default `HELD_MAX`. */
  heldMax?: number
}

/**
 * What came of loading. `hole`: neither index nor records say what stands at `at`, though the log goes on behind it.
 * `index`: the index is whole and contradicts itself. After both the replica is of no use.
 */
export type LoadResult = { kind: 'whole' } | { kind: 'hole'; at: number } | { kind: 'index' }

/**
 * The commit log in the store. `c/<first order>`: blocks of records, one for each batch. `i/<first order>`: what the
 * history needs of them, so that opening does not read the records; it can be made anew from them. `w/<id>`: commits
 * that wait for what they acknowledge. `l/<id>/<document>`: payloads that came later. What cannot be read is known by its
 * id and asked from peers.
 */
export class CommitLog {
  readonly #parts: CommitLogParts
  readonly #replica: Replica
  /** First order of each block, ascending. */
  readonly #blocks = new CountList()
  readonly #cache = new BlockCache()
  /** Payloads that came after their commits were stored. */
  readonly #late: LatePayloads
  /** What the history does not know of the commits since the last merge of index blocks. */
  #tail: LogRow[] = []
  #tailFirsts: number[] = []
  /** Orders of commits that the disk no longer gives back, with what was found again of them. */
  readonly #damaged = new Map<number, Uint8Array | null>()
  #appendedLength = 0
  #writtenLength = 0
  /** Called when more commits turn out to be damaged. */
  onDamage: () => void = () => undefined

  /** A log that goes with this replica: `load` fills both. */
  constructor(parts: CommitLogParts, replica: Replica) {
    this.#parts = parts
    this.#replica = replica
    this.#late = new LatePayloads(parts, replica)
  }

  /** Orders of commits that are stored and cannot be read, as far as somebody tried. */
  get damaged(): readonly number[] {
    return [...this.#damaged.keys()].sort((a, b) => a - b)
  }

  /** The damaged ones of which nothing was found again. */
  get wanted(): readonly number[] {
    return this.damaged.filter((order) => this.#damaged.get(order) === null)
  }

  /** True for a commit that is known as damaged. */
  isDamaged(order: number): boolean {
    return this.#damaged.has(order)
  }

  /** Number of commits that are on the disk; the replica may hold more. */
  get writtenLength(): number {
    return this.#writtenLength
  }

  /** First orders of all blocks, ascending. */
  blockStarts(): number[] {
    return Array.from({ length: this.#blocks.length }, (_, i) => this.#blocks.at(i) ?? 0)
  }

  /**
   * Reads the index into the replica, which is empty; where it is damaged, the records themselves.
   *
   * @param settle - has the replica take into account what it holds, so that it need not keep what a whole log does at once
   */
  async load(settle: () => Promise<void> = async () => undefined): Promise<LoadResult> {
    const { store } = this.#parts
    const replica = this.#replica
    for await (const batch of store.entries('i/', INDEX_BATCH)) {
      for (const [key, value] of batch) {
        const first = orderOf(key)
        // What was damaged before it was made anew from the records; they may reach over this block.
        if (first === null || first < replica.logLength) continue
        if (!(await this.#rebuild(first))) return { kind: 'hole', at: replica.logLength }
        if (first !== replica.logLength) continue
        const cursor = IndexCursor.over(value, first)
        if (cursor === null) continue
        while (cursor.next(replica.logLength < replica.epochs.savedLength)) {
          if (cursor.row.isBlockStart) this.#blocks.push(replica.logLength)
          if (!replica.restore(cursor.row)) return { kind: 'index' }
        }
        if (!cursor.isDone) return { kind: 'index' }
        const rows = cursor.count < MERGE_ROWS ? decodeIndexBlock(value, first)?.rows : undefined
        this.#noteTail(
          first,
          rows?.map(({ documents, missing, acts }) => ({ documents, missing, acts })) ?? null,
        )
        if (replica.epochs.heldCount < (this.#parts.heldMax ?? HELD_MAX)) continue
        this.#isLoaded()
        await settle()
      }
    }
    if (!(await this.#rebuild(Infinity))) return { kind: 'hole', at: replica.logLength }
    this.#isLoaded()
    await this.#dropStaleIndex()
    return { kind: 'whole' }
  }

  /** What the replica holds is on the disk, and can be read. */
  #isLoaded(): void {
    this.#appendedLength = this.#replica.logLength
    this.#writtenLength = this.#replica.logLength
  }

  /** The changes that put these commits at the end of the log. Call `noteWritten` once they are on the disk. */
  append({ first, records, rows }: LogBatch): StoreChange[] {
    if (records.length === 0) return []
    this.#blocks.push(first)
    this.#appendedLength = first + records.length
    return [
      { type: 'put', key: orderKey('c', first), value: encodeLogBlock({ first, records }) },
      ...this.#indexChanges(first, rows),
    ]
  }

  /** The changes that keep payloads which came after their commits. Call `noteLate` once they are on the disk. */
  lateChanges(late: readonly LatePayload[]): StoreChange[] {
    return this.#late.changes(late)
  }

  /** These payloads are on the disk. */
  noteLate(late: readonly LatePayload[]): void {
    this.#late.note(late)
  }

  /** Notes in the replica which of the payloads that its commits came without are here after all. */
  async takeLate(): Promise<void> {
    await this.#late.load()
  }

  /** All that was appended is on the disk. */
  noteWritten(): void {
    this.#writtenLength = this.#appendedLength
  }

  /**
   * Bytes of the records at these places, as a prefix: reading stops at `bytesMax`, at one that is damaged, and at one
   * that is not on the disk yet.
   */
  async read(orders: readonly number[], bytesMax: number): Promise<ServedCommit[]> {
    const commits: ServedCommit[] = []
    let bytes = 0
    for (const order of orders) {
      if (order >= this.#writtenLength) return commits
      const first = this.#blocks.at(this.#placeOf(order)) ?? 0
      const records = this.#cache.get(first) ?? (await this.#readBlock(first))
      const record = this.#damaged.has(order) ? this.#damaged.get(order) : records[order - first]
      if (record === null || record === undefined) return commits
      const whole = this.#late.has(order) ? await this.#late.complete(order, record) : record
      commits.push({ order, bytes: whole })
      bytes += whole.length
      if (bytes >= bytesMax) return commits
    }
    return commits
  }

  /** Notes that what lies at a place of the log is not the commit that belongs there. */
  noteDamaged(order: number): void {
    if (this.#damaged.has(order)) return
    const first = this.#blocks.at(this.#placeOf(order)) ?? 0
    this.#cache.delete(first)
    this.#damaged.set(order, null)
    this.#noteBlock(first)
    this.onDamage()
  }

  /**
   * Takes a record that a peer sent of a commit that cannot be read here; false when it is not needed.
   * `mendedChanges` writes what is whole again.
   */
  mend(order: number, record: Uint8Array): boolean {
    if (this.#damaged.get(order) !== null) return false
    this.#damaged.set(order, record.slice())
    return true
  }

  /** The changes that write blocks anew of which every commit was found again. */
  async mendedChanges(): Promise<StoreChange[]> {
    const changes: StoreChange[] = []
    const found = [...this.#damaged].filter(([, record]) => record !== null)
    const firsts = new Set(found.map(([order]) => this.#blocks.at(this.#placeOf(order)) ?? 0))
    for (const first of firsts) {
      const end = this.#endOf(first)
      const read = this.#cache.get(first) ?? (await this.#readBlock(first))
      const records: Uint8Array[] = []
      for (let order = first; order < end; order += 1) {
        const record = this.#damaged.has(order) ? this.#damaged.get(order) : read[order - first]
        if (record !== null && record !== undefined) records.push(record)
      }
      if (records.length < end - first) continue
      for (let order = first; order < end; order += 1) this.#damaged.delete(order)
      this.#cache.delete(first)
      this.#noteBlock(first)
      changes.push({ type: 'put', key: orderKey('c', first), value: encodeLogBlock({ first, records }) })
    }
    return changes
  }

  /** First order of the block that holds a commit. */
  blockStart(order: number): number {
    return this.#blocks.at(this.#placeOf(order)) ?? 0
  }

  /** Order after the last commit of the block that begins at `first`. */
  #endOf(first: number): number {
    return this.#blocks.at(this.#placeOf(first) + 1) ?? this.#appendedLength
  }

  /** Number of the block that holds a commit. */
  #placeOf(order: number): number {
    let low = 0
    let high = this.#blocks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((this.#blocks.at(middle) ?? 0) <= order) low = middle
      else high = middle - 1
    }
    return low
  }

  /** Records of a block, null where one cannot be read. */
  async #readBlock(first: number): Promise<readonly (Uint8Array | null)[]> {
    const read = await this.#parts.store.read(orderKey('c', first))
    const block = read.state === 'whole' ? decodeLogBlock(read.value, first) : null
    const size = this.#endOf(first) - first
    if (block !== null && block.records.length === size) {
      this.#cache.set(first, block.records)
      return block.records
    }
    const bytes = read.state === 'damaged' ? read.bytes : read.state === 'whole' ? read.value : null
    const records = this.#salvage(first, size, bytes === null ? [] : salvageLogBlock(bytes))
    this.#cache.set(first, records)
    const whole = records.filter((it) => it !== null)
    if (whole.length === size) await this.#rewrite(first, whole)
    return records
  }

  /** Writes a block anew of which only what holds it together was damaged. */
  async #rewrite(first: number, records: Uint8Array[]): Promise<void> {
    const key = orderKey('c', first)
    try {
      await this.#parts.store.write([{ type: 'put', key, value: encodeLogBlock({ first, records }) }])
    } catch (cause) {
      // All of it can be read; the next reading tries again.
      this.#parts.log.warn({ err: cause, first }, 'a damaged block of the log could not be written anew')
      return
    }
    this.#parts.store.findings.note({
      code: 'log-commit',
      where: key,
      severity: 'repaired',
      message: `the block ${key} of the log was damaged`,
      action: 'Its commits are whole; it was written anew.',
    })
  }

  /**
   * Of bytes that may be records those that the index knows; the others are damaged. Without the hash over the block a
   * record's own signature must hold, which its id does not cover.
   */
  #salvage(first: number, size: number, found: readonly Uint8Array[]): (Uint8Array | null)[] {
    const { log } = this.#parts
    let isNews = false
    const records = Array.from({ length: size }, (_, i) => {
      const bytes = this.#isOwnRecord(first + i, found[i]) ? found[i] : undefined
      if (bytes !== undefined) return bytes
      if (!this.#damaged.has(first + i)) {
        isNews = true
        this.#damaged.set(first + i, null)
      }
      return null
    })
    if (isNews) {
      log.error({ first, size }, 'stored commits are missing or damaged; peers are asked for them')
      this.#noteBlock(first)
      this.onDamage()
    }
    return records
  }

  #isOwnRecord(order: number, bytes: Uint8Array | undefined): boolean {
    const decoded = bytes === undefined ? null : decodeRecord(bytes, this.#parts.sha256)
    if (decoded?.ok !== true) return false
    const { id, header, signature, payloads } = decoded.record
    const isNamed = equalBytes(id, this.#replica.history.idOf(order))
    const isWhole = payloads.every(
      (payload, i) => payload !== null || this.#mayLack(order, header.sections[i]?.document ?? ''),
    )
    return isNamed && isWhole && this.#replica.rule.verify(header.device, commitMessage(id), signature)
  }

  /** True for a payload that the log need not have: it was never here, or lies apart. */
  #mayLack(order: number, document: string): boolean {
    return this.#late.has(order) || this.#replica.documents.holes.has(document, order)
  }

  /**
   * Reads records into the replica until it holds `end` commits, or the log ends; false when that is not possible.
   * Index blocks hold whole log blocks, so what is missing begins with one.
   */
  async #rebuild(end: number): Promise<boolean> {
    const { store, sha256, log } = this.#parts
    const replica = this.#replica
    const from = replica.logLength
    let rows: LogRow[] = []
    let isWhole = true
    while (replica.logLength < end) {
      const first = replica.logLength
      const read = await store.read(orderKey('c', first))
      if (read.state === 'missing' && end === Infinity && !(await this.#goesOn(first))) break
      const loaded = read.state === 'whole' ? loadBlock(read.value, { first, replica, sha256 }) : null
      if (loaded === null) {
        isWhole = false
        break
      }
      this.#blocks.push(first)
      rows.push(...loaded)
      if (rows.length < MERGE_ROWS) continue
      await this.#writeIndex(replica.logLength - rows.length, rows)
      rows = []
    }
    if (rows.length > 0) await this.#writeIndex(replica.logLength - rows.length, rows)
    if (replica.logLength === from) return isWhole
    log.warn({ from, to: replica.logLength }, 'a part of the index was made anew from the commits')
    store.findings.note({
      code: 'log-index',
      where: `commits ${from} to ${replica.logLength - 1}`,
      severity: 'repaired',
      message: `the index of the commits ${from} to ${replica.logLength - 1} was missing or damaged`,
      action: 'It was made anew from the commits.',
    })
    return isWhole
  }

  /** True when the store has more of the log behind this place. */
  async #goesOn(order: number): Promise<boolean> {
    for (const prefix of ['c', 'i'] as const)
      for await (const key of this.#parts.store.keys(`${prefix}/`, orderKey(prefix, order + 1)))
        if (orderOf(key) !== null) return true
    const later = this.#parts.store.damagedKeys.filter((key) => (orderOf(key) ?? -1) > order)
    return later.some((key) => key.startsWith('c/') || key.startsWith('i/'))
  }

  async #writeIndex(first: number, rows: readonly LogRow[]): Promise<void> {
    await this.#parts.store.write(this.#indexChanges(first, rows))
  }

  /** `rows`: of each commit from `first` on; the history knows the rest. */
  #indexChanges(first: number, rows: readonly LogRow[]): StoreChange[] {
    const firsts = this.#tailFirsts
    const isMerged = this.#tail.length + rows.length >= MERGE_ROWS
    const from = isMerged ? (firsts[0] ?? first) : first
    const block = isMerged ? [...this.#tail, ...rows] : rows
    const stale = isMerged ? firsts.filter((old) => old !== from) : []
    this.#noteTail(first, isMerged ? null : rows)
    return [
      ...stale.map((old): StoreChange => ({ type: 'del', key: orderKey('i', old) })),
      { type: 'put', key: orderKey('i', from), value: this.#encodeIndex(from, block) },
    ]
  }

  #encodeIndex(first: number, rows: readonly LogRow[]): Uint8Array {
    const { history } = this.#replica
    const row: IndexRow = { ...NO_ROW }
    return encodeIndexBlock(first, rows.length, (at) => {
      const order = first + at
      row.id = history.idOf(order)
      row.device = history.keyOf(history.deviceOf(order))
      row.seq = history.seqOf(order)
      row.prev = history.prevOf(order)
      row.seen = history.seenOf(order)
      row.isSigned = this.#replica.isSigned(order)
      row.isBlockStart = this.blockStart(order) === order
      const { documents, missing, acts } = rows[at] ?? NO_ROW
      row.documents = documents
      row.missing = missing
      row.acts = acts
      const epoch = this.#replica.epochs.idOf(order)
      row.epoch = equalBytes(epoch, this.#replica.coop) ? null : epoch
      return row
    })
  }

  /** Rows that the next merge takes in; null when all before are in a large block. */
  #noteTail(first: number, rows: readonly LogRow[] | null): void {
    if (rows === null) {
      this.#tail = []
      this.#tailFirsts = []
      return
    }
    this.#tail.push(...rows)
    this.#tailFirsts.push(first)
  }

  /** Damaged index blocks that nobody needs any more: what they told stands in others now. */
  async #dropStaleIndex(): Promise<void> {
    const { store } = this.#parts
    const stale = store.damagedKeys.filter((key) => key.startsWith('i/'))
    if (stale.length > 0) await store.write(stale.map((key) => ({ type: 'del', key })))
  }

  #noteBlock(first: number): void {
    const end = this.#endOf(first)
    let count = 0
    for (let order = first; order < end; order += 1) if (this.#damaged.has(order)) count += 1
    const what = end - first === 1 ? `commit ${first}` : `of the commits ${first} to ${end - 1}, ${count}`
    this.#parts.store.findings.note({
      code: 'log-commit',
      where: orderKey('c', first),
      severity: count === 0 ? 'repaired' : 'pending',
      message:
        count === 0 ? `stored commits in ${orderKey('c', first)} were damaged` : `${what} cannot be read`,
      action:
        count === 0
          ? 'They came again from another device and were written anew.'
          : 'The node asks other devices for them as soon as it is connected.',
    })
  }
}

/** Key of a commit that waits. */
export function waitingKey(id: Uint8Array): string {
  return `w/${toHex(id)}`
}

/** Takes the commits of a block into a replica; a row of each. Null when they are no commits or do not follow those before. */
function loadBlock(
  value: Uint8Array,
  { first, replica, sha256 }: { first: number; replica: Replica; sha256: Sha256 },
): LogRow[] | null {
  const rows: LogRow[] = []
  for (const bytes of decodeLogBlock(value, first)?.records ?? []) {
    const decoded = decodeRecord(bytes, sha256)
    const row = decoded.ok ? linkedRow(decoded.record, replica, rows.length === 0) : null
    // Like a row of the index: nothing is folded before the authority document is.
    if (row === null || !replica.restore(row)) return null
    rows.push({ documents: row.documents, missing: row.missing, acts: row.acts })
  }
  return rows.length === 0 ? null : rows
}

/** The index row of a record that follows what the replica holds; null for another. */
function linkedRow(record: CommitRecord, replica: Replica, isBlockStart: boolean): IndexRow | null {
  const { history } = replica
  const { header, id } = record
  const prev = header.prev === null ? -1 : history.find(header.prev)
  const seen = header.seen.map((head) => history.find(head.id))
  const isLinked = (header.prev === null || prev >= 0) && !seen.includes(-1)
  if (!isLinked || !equalBytes(header.coop, replica.coop)) return null
  const documents = header.sections.map((it) => it.document)
  // Which signatures were checked once is lost with the index; they are checked again before they are passed on.
  const epoch = equalBytes(header.epoch, replica.coop) ? null : header.epoch
  const links = { id, device: header.device, seq: header.seq, prev, seen, epoch }
  const acts = replica.actsOf(record)
  return { ...links, isSigned: false, isBlockStart, documents, missing: missingOf(record), acts }
}

const NO_ROW: IndexRow = {
  ...{ id: new Uint8Array(32), device: new Uint8Array(32), seq: 0, prev: -1, seen: [], epoch: null },
  ...{ isSigned: false, isBlockStart: false, documents: [], missing: 0, acts: [] },
}
