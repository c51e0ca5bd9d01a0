import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import * as Y from 'yjs'
import { BoardState, FIELDS, encodeBoardPayload } from '#protocol/board'
import { decodeRecords } from '#protocol/commit'
import type { CommitRecord, Section } from '#protocol/commit'
import type { SeededRandom } from '#simulations/mesh'
import { seenCommit } from './inspection.ts'
import type { ReportLine } from './report.ts'
import { OtherDevices, listing } from './scripted-coop.ts'
import type { ChainHead } from './scripted-coop.ts'
import type { TestDevice } from './test-device.ts'

/** Calls of `append` that are under way at once, at most. */
const WRITERS_MAX = 8
/** Records of other devices in one batch, at most. */
const INGEST_MAX = 20
/** Characters of a large field: half of what one commit may hold. */
const LARGE_FIELD = 200_000
/** Bytes of an asset, at most: a bit more than one leaf. */
const ASSET_BYTES_MAX = 1_200_000
/** Assets of one burst: a journal of all their bytes is kept. */
const ASSETS_MAX = 6
const CHUNK_BYTES = 262_144
/** Rest between assets and between notes, ms: they are to be among the commits, not in their way. */
const REST_MS = 10
/** Between two keepings of summaries, ms: each hashes whole documents. */
const SUMMARIES_EVERY_MS = 60

/** How far a burst goes. */
export interface BurstLimits {
  /** Commits of this device, and as many of others. */
  commits: number
  /** Of a hundred appends, how many are large. */
  largePercent: number
}

/** Writes all at once whatever a node writes: own commits, batches of others, assets, small files. */
export class Burst {
  readonly #device: TestDevice
  readonly #random: SeededRandom
  readonly #limits: BurstLimits
  readonly #report: (line: ReportLine) => void
  #left: number

  constructor(
    device: TestDevice,
    parts: { random: SeededRandom; limits: BurstLimits; report: (line: ReportLine) => void },
  ) {
    this.#device = device
    this.#random = parts.random
    this.#limits = parts.limits
    this.#report = parts.report
    this.#left = parts.limits.commits
    device.engine.on('durable', ({ batch }) => {
      const decoded = decodeRecords(batch.records, device.coop.crypto.sha256)
      if (!decoded.ok) throw new Error(`stored what is no record: ${decoded.refusal}`)
      for (const record of decoded.records) this.#keep(record)
    })
  }

  /** Resolves when the limits are reached; `heads` is where the chains stand. */
  async run(heads: ReadonlyMap<string, ChainHead>): Promise<void> {
    const writers = Array.from({ length: 1 + this.#random.below(WRITERS_MAX) }, (_, i) => this.#write(i))
    const others = new OtherDevices(this.#device.coop, heads)
    await Promise.all([
      ...writers,
      this.#ingest(others),
      this.#addAssets(),
      this.#writeNotes(),
      this.#keepSummaries(),
    ])
  }

  async #write(writer: number): Promise<void> {
    const menu = await BoardPen.open(this.#device, 'menu')
    const stock = await BoardPen.open(this.#device, 'stock')
    while (this.#left > 0) {
      this.#left -= 1
      const draw = this.#random.below(100)
      const text = `writer ${writer} ${this.#left}`
      const sections: Section[] = []
      // Each writer has fields of its own, so that none builds on what another has not written yet.
      if (draw < this.#limits.largePercent)
        sections.push(menu.set(`photo ${writer}`, largeText(this.#random)))
      else sections.push(listing(text, 1, this.#device.coop.crypto))
      if (draw > 70) sections.push(menu.set(`last ${writer}`, text), stock.set(`count ${writer}`, draw))
      this.#keep(await this.#device.engine.append(sections))
    }
  }

  async #ingest(others: OtherDevices): Promise<void> {
    const { engine } = this.#device
    for (let left = this.#limits.commits; left > 0 && this.#left > 0;) {
      const records = others.next(1 + this.#random.below(INGEST_MAX))
      const { refused } = engine.ingest(records)
      if (refused[0] !== undefined) throw new Error(`a commit was refused: ${refused[0].refusal}`)
      await engine.durable()
      left -= records.length
      for (const record of records) this.#keep(record)
    }
  }

  async #addAssets(): Promise<void> {
    const { assets } = this.#device
    if (assets === null) return
    for (let count = 0; this.#left > 0 && count < ASSETS_MAX; count += 1) {
      const bytes = Buffer.alloc(1 + this.#random.below(ASSET_BYTES_MAX), this.#random.below(256))
      const { cid } = await assets.addFile(chunks(bytes), () => null)
      await assets.markHeld([cid])
      this.#report({ t: 'kept-asset', cid })
      await sleep(REST_MS)
    }
  }

  async #writeNotes(): Promise<void> {
    let count = Number(((await this.#device.readNote()) ?? '0').trim())
    while (this.#left > 0) {
      count += 1
      const note = `${count}\n`
      await this.#device.writeNote(note)
      this.#report({ t: 'kept-note', note })
      await sleep(REST_MS)
    }
  }

  async #keepSummaries(): Promise<void> {
    while (this.#left > 0) {
      await this.#device.engine.keepSummaries()
      await sleep(SUMMARIES_EVERY_MS)
    }
  }

  #keep(record: CommitRecord): void {
    this.#report({ t: 'kept', ...seenCommit(this.#device, record) })
  }
}

/** Writes on a board as a page does: in a session of its own, one update a section. */
export class BoardPen {
  readonly #document: string
  readonly #session: number
  readonly #doc: Y.Doc

  private constructor(device: TestDevice, board: BoardState) {
    const { replica } = device.engine
    this.#document = board.document
    const admission = replica.standing?.admission ?? ''
    this.#session = board.newSession(replica.device ?? '', admission)
    this.#doc = new Y.Doc({ guid: this.#document })
    Y.applyUpdate(this.#doc, Y.encodeStateAsUpdate(board.doc))
    // After loading: Yjs draws another id when it meets structs of its own.
    this.#doc.clientID = board.writerOf(admission, this.#session)
  }

  /** A pen in a new session on the board called `name`. */
  static async open(device: TestDevice, name: string): Promise<BoardPen> {
    const board = await device.engine.open(`board/${name}`)
    if (!(board instanceof BoardState)) throw new Error(`${name} is no board`)
    return new BoardPen(device, board)
  }

  /** The section that sets a field. Sections must be appended in the order in which they are made. */
  set(key: string, value: string | number): Section {
    const made: Uint8Array[] = []
    const collect = (update: Uint8Array): void => void made.push(update)
    this.#doc.on('update', collect)
    this.#doc.getMap(FIELDS).set(key, value)
    this.#doc.off('update', collect)
    const [update] = made
    if (update === undefined) throw new Error('setting a field makes an update')
    const payload = encodeBoardPayload({ session: this.#session, update })
    return { document: this.#document, entries: 1, payload }
  }
}

/** Text that compression cannot take away. */
export function largeText(random: SeededRandom): string {
  return createHash('shake256', { outputLength: LARGE_FIELD / 2 })
    .update(random.bytes(32))
    .digest('hex')
}

/** `bytes` as a stream, in pieces of the size that files are read in. */
export async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES)
}
