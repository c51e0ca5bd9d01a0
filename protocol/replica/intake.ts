import { equalBytes, toHex } from '../encoding/index.ts'
import { commitMessage } from '../commit/index.ts'
import type { CommitRecord, SeenHead } from '../commit/index.ts'
import { RowIndex } from '../history/index.ts'
import type { History } from '../history/index.ts'
import type { SignatureRule } from '../identity/index.ts'
import type { Pending } from './pending.ts'

/** Headers between two checked signatures of one chain, at most (design, section 4). */
export const SIGNATURE_RUN_MAX = 256

/** How often a batch is looked through for what no signature covers, before all of it is refused. A guess. */
const BARE_PASSES_MAX = 8

/** Why a commit was not stored. */
export type CommitRefusal =
  | 'other-coop'
  | 'unknown-epoch'
  | 'gap'
  | 'false-prev'
  | 'false-seen'
  | 'payload-missing'
  | 'signature'
  | 'unsigned-stretch'
  | 'unknown-device'
  | 'waiting-quota'

/** What becomes of one record. `gap` and `unknown-device` may be cured by what comes later; the rest are final. */
export type IntakeVerdict = 'linked' | 'duplicate' | CommitRefusal

/** What the intake needs to know of the replica. */
export interface IntakeView {
  coop: Uint8Array
  rule: SignatureRule
  history: History
  pending: Pending
  /** A 32-bit number that peers do not know. */
  seed: number
  /** True when every section of this document must bring its payload. */
  isAlwaysSent(document: string): boolean
  /** False for a first commit that will be refused with `unknown-device`, as far as the log tells. */
  mayBegin(record: CommitRecord): boolean
}

/** The verdicts, and which records' own signatures were checked and hold. */
export interface Judgement {
  verdicts: IntakeVerdict[]
  signed: ReadonlySet<number>
}

/**
 * Judges a batch in order: links each record to what is stored, waits, or came earlier in the batch, then checks one
 * signature per contiguous run (a signature covers the whole history before it). A run whose last signature fails is
 * refused whole: the sender should have checked it. In a long run one of each 256 must hold, whichever: a relay may
 * have spoilt all but those that the sender itself checked, and the sender's windows are not ours. Before a commit that
 * may have to wait, or is refused for what it lists, stands one whose own signature holds: else nothing in the log
 * would cover what is stored, nobody could be sent it, and whoever acknowledges it would be left behind everywhere.
 *
 * @param checked - places of records whose own signature the host has checked by the same rule and found good
 */
export function judgeBatch(
  records: readonly CommitRecord[],
  view: IntakeView,
  checked: ReadonlySet<number> = NONE_CHECKED,
): Judgement {
  const batch = new Batch(view)
  const verdicts = records.map((record) => batch.link(record, records))
  const signed = new Set<number>(checked)
  const judged = { records, verdicts, signed, rule: view.rule }
  for (const run of batch.runs) checkRun(run, judged)
  for (let pass = 1; refuseBare(batch, judged, view); pass += 1) {
    // What is refused may be what others need.
    if (pass < BARE_PASSES_MAX) continue
    for (const run of batch.runs) for (const at of run) verdicts[at] = 'unsigned-stretch'
  }
  return { verdicts, signed }
}

const NONE_CHECKED: ReadonlySet<number> = new Set()

/**
 * Places of the records in a batch whose signatures `judgeBatch` will most likely ask for: the last of each device, and
 * one of each `SIGNATURE_RUN_MAX` before it. A host that checks these elsewhere saves the judge the work.
 *
 * @param devices - key of each record's device
 * @param window - after each so many records the last one of each device is checked as well, so that `Replica.cover` has
 *   nothing to check there
 */
export function signaturesToCheck(devices: readonly Uint8Array[], window: number = Infinity): number[] {
  const places = new Map<string, number[]>()
  // Records that were decoded together share their keys: most are known by the view, without a text for each.
  const known = new Map<Uint8Array, number[]>()
  let at = -1
  for (const key of devices) {
    at += 1
    let own = known.get(key)
    if (own === undefined) {
      const device = toHex(key)
      own = places.get(device) ?? []
      places.set(device, own)
      known.set(key, own)
    }
    own.push(at)
  }
  return [...places.values()].flatMap((own) =>
    own.filter((at, i) => {
      const next = own[i + 1]
      if (next === undefined || i % SIGNATURE_RUN_MAX === SIGNATURE_RUN_MAX - 1) return true
      return Math.floor(at / window) !== Math.floor(next / window)
    }),
  )
}

/** What of a batch is linked so far. */
class Batch {
  /** Places in the batch of records that follow each other on one chain. */
  readonly runs: number[][] = []
  readonly #view: IntakeView
  readonly #ids: RowIndex
  /** By number in `#ids`: the place in the batch, and the run. */
  readonly #places: number[] = []
  readonly #runOf: number[][] = []
  #count = -1

  constructor(view: IntakeView) {
    this.#view = view
    this.#ids = new RowIndex(view.seed)
  }

  link(record: CommitRecord, records: readonly CommitRecord[]): IntakeVerdict {
    this.#count += 1
    const { coop, history, pending } = this.#view
    const { header, id } = record
    if (this.#ids.find(id) >= 0 || history.find(id) >= 0 || pending.has(id)) return 'duplicate'
    if (!equalBytes(header.coop, coop)) return 'other-coop'
    // Seals come with the authority document; until then there is one epoch, and its id is the co-op's.
    if (!equalBytes(header.epoch, coop)) return 'unknown-epoch'
    for (let i = 0; i < header.sections.length; i += 1) {
      const document = header.sections[i]?.document ?? ''
      if (record.payloads[i] === null && this.#view.isAlwaysSent(document)) return 'payload-missing'
    }
    const before = header.prev === null ? -1 : this.#ids.find(header.prev)
    const place = this.#places[before]
    const verdict = place === undefined ? this.#linkToStored(record) : follows(record, records[place])
    if (verdict !== 'linked') return verdict
    const run = this.#runOf[before]
    // A second commit after the same one is the other branch of a fork: a run of its own.
    const extended = run !== undefined && run.at(-1) === place ? run : []
    if (extended.length === 0) this.runs.push(extended)
    extended.push(this.#count)
    this.#runOf[this.#ids.add(id)] = extended
    this.#places.push(this.#count)
    return 'linked'
  }

  /** Place in the batch of a record that was linked; -1 for none. */
  placeOf(id: Uint8Array): number {
    return this.#places[this.#ids.find(id)] ?? -1
  }

  #linkToStored(record: CommitRecord): IntakeVerdict {
    const { history, pending } = this.#view
    const { prev, seq, device } = record.header
    if (prev === null) return 'linked'
    const order = history.find(prev)
    if (order >= 0) {
      const isNext = history.seqOf(order) + 1 === seq && history.isBy(order, device)
      return isNext ? 'linked' : 'false-prev'
    }
    const waiting = pending.get(prev)
    return waiting === undefined ? 'gap' : follows(record, waiting)
  }
}

function follows(record: CommitRecord, before: CommitRecord | undefined): IntakeVerdict {
  if (before === undefined) return 'gap'
  const isNext =
    before.header.seq + 1 === record.header.seq && equalBytes(before.header.device, record.header.device)
  return isNext ? 'linked' : 'false-prev'
}

function checkRun(run: readonly number[], judged: Judged): void {
  const { verdicts } = judged
  const isGood = (at: number): boolean => isSignatureGood(judged, at)
  for (let start = 0; start < run.length;) {
    const part = run.slice(start, start + SIGNATURE_RUN_MAX)
    const isEnd = start + part.length === run.length
    const good = isEnd && !isGood(part.at(-1) ?? -1) ? -1 : part.findLastIndex(isGood)
    if (good < 0) {
      // A bad end is the sender's fault: it checks what it sends last. A long stretch is its author's, or a relay's.
      for (const at of run.slice(start)) verdicts[at] = isEnd ? 'signature' : 'unsigned-stretch'
      return
    }
    start += good + 1
  }
}

/** A batch while it is judged. */
interface Judged {
  records: readonly CommitRecord[]
  verdicts: IntakeVerdict[]
  /** Places of records whose own signatures hold. */
  signed: Set<number>
  rule: SignatureRule
}

function isSignatureGood({ records, signed, rule }: Judged, at: number): boolean {
  if (signed.has(at)) return true
  const record = records[at]
  const isSigned =
    record !== undefined && rule.verify(record.header.device, commitMessage(record.id), record.signature)
  if (isSigned) signed.add(at)
  return isSigned
}

/**
 * Refuses what would be stored although the signature that covers it is that of a commit which has to wait or will be
 * refused. True when it refused something.
 */
function refuseBare(batch: Batch, judged: Judged, view: IntakeView): boolean {
  const { records, verdicts, signed } = judged
  const { history, pending } = view
  /** Places of records that will be folded, as far as the batch tells. */
  const folded = new Set<number>()
  const doubtful = new Set<number>()
  const waiting = { count: 0, bytes: 0 }
  const isThere = ({ id, device, seq }: SeenHead): boolean => {
    const order = history.find(id)
    if (order >= 0) return history.seqOf(order) === seq && history.isBy(order, device)
    const place = batch.placeOf(id)
    const header = records[place]?.header
    return folded.has(place) && header?.seq === seq && equalBytes(header.device, device)
  }
  for (const [at, record] of records.entries()) {
    if (verdicts[at] !== 'linked') continue
    const { header } = record
    const isFollowing =
      header.prev === null
        ? view.mayBegin(record)
        : history.find(header.prev) >= 0 || folded.has(batch.placeOf(header.prev))
    const isComplete = header.seen.every(isThere)
    if (isFollowing && isComplete) {
      folded.add(at)
      continue
    }
    if (!isComplete || !pending.hasRoomFor(record, waiting)) doubtful.add(at)
    waiting.count += 1
    waiting.bytes += record.bytes.length
  }
  let hasRefused = false
  for (const run of doubtful.size === 0 ? [] : batch.runs) {
    const bare = run.findIndex(
      (at, i) => verdicts[at] === 'linked' && doubtful.has(run[i + 1] ?? -1) && !isSignatureGood(judged, at),
    )
    if (bare < 0) continue
    const from = run.slice(0, bare).findLastIndex((at) => signed.has(at)) + 1
    for (const at of run.slice(from)) verdicts[at] = 'unsigned-stretch'
    hasRefused = true
  }
  return hasRefused
}
