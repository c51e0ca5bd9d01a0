import { equalBytes, toHex } from '../encoding/index.ts'
import type { CommitRecord, SeenHead } from '../commit/index.ts'
import { RowIndex } from '../history/index.ts'
import type { History } from '../history/index.ts'
import type { SignatureRule } from '../identity/index.ts'
import type { Pending } from './pending.ts'
import type { Signatures } from './signatures.ts'

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

/**
 * What becomes of one record. `gap` and `unknown-device` may be cured by what comes later; the rest are final. `later`: to
 * be judged again when the rest of the batch is taken.
 */
export type IntakeVerdict = 'linked' | 'duplicate' | 'later' | CommitRefusal

/** What the intake needs to know of the replica. */
export interface IntakeView {
  coop: Uint8Array
  rule: SignatureRule
  history: History
  pending: Pending
  /** Id of the epoch that a stored commit cites. */
  epochOf(order: number): Uint8Array
  /** True when what is stored of a commit's past proves the epoch that it cites. */
  mayCite(record: CommitRecord): boolean
  /** A 32-bit number that peers do not know. */
  seed: number
  /** True when every section of this document must bring its payload. */
  isAlwaysSent(document: string): boolean
  /** False for a first commit that will be refused with `unknown-device`; null when what it lists must be folded first. */
  mayBegin(record: CommitRecord): boolean | null
}

/**
 * Judges a batch in order: links each record to what is stored, waits, or came earlier in the batch, then checks one
 * signature per contiguous run (a signature covers the whole history before it). A run whose last signature fails is
 * refused whole: the sender should have checked it. In a long run one of each 256 must hold, whichever: a relay may
 * have spoilt all but those that the sender itself checked, and the sender's windows are not ours. Before a commit of
 * which it is not certain that it is stored with the one before it stands one whose own signature holds: else nothing
 * in the log might cover what is stored, nobody could be sent it, and whoever acknowledges it would be left behind.
 *
 * @param isLast - nothing is left for later: what cannot be told is refused
 */
export function judgeBatch(
  records: readonly CommitRecord[],
  view: IntakeView,
  { signatures, isLast }: { signatures: Signatures; isLast: boolean },
): IntakeVerdict[] {
  const [only] = records
  if (only !== undefined && records.length === 1)
    return [judgeAlone(only, view, (record) => signatures.isGood(record, view.rule))]
  const batch = new Batch(view)
  const verdicts = records.map((record) => batch.link(record, records))
  const judged = { records, verdicts, signatures, rule: view.rule, bare: bareVerdict(isLast) }
  for (const run of batch.runs) checkRun(run, judged)
  for (let pass = 1; setBareAside(batch, judged, view); pass += 1) {
    // What is refused may be what others need.
    if (pass < BARE_PASSES_MAX) continue
    for (const run of batch.runs) for (const at of run) verdicts[at] = judged.bare
    break
  }
  return verdicts
}

/** Judges what came alone: nothing covers it, and it covers nothing, but its own signature. A linked one has a good one. */
export function judgeAlone(
  record: CommitRecord,
  view: IntakeView,
  isSigned: (record: CommitRecord) => boolean,
): IntakeVerdict {
  const verdict = view.history.find(record.id) >= 0 ? 'duplicate' : verdictAlone(record, view)
  if (verdict !== null) return verdict
  const linked = linkToStored(record, view)
  return linked !== 'linked' || isSigned(record) ? linked : 'signature'
}

/** What a record that is not in the log is by itself, whatever it follows; null when it may be linked. */
function verdictAlone({ header, id, payloads }: CommitRecord, view: IntakeView): IntakeVerdict | null {
  if (view.pending.has(id)) return 'duplicate'
  if (!equalBytes(header.coop, view.coop)) return 'other-coop'
  for (let i = 0; i < header.sections.length; i += 1)
    if (payloads[i] === null && view.isAlwaysSent(header.sections[i]?.document ?? ''))
      return 'payload-missing'
  return null
}

function linkToStored(record: CommitRecord, { history, pending }: IntakeView): IntakeVerdict {
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

function bareVerdict(isLast: boolean): IntakeVerdict {
  return isLast ? 'unsigned-stretch' : 'later'
}

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
  /** By place in the batch: the place of the commit before it on its chain; -1 when that is not in the batch. */
  readonly #before: number[] = []
  #count = -1

  constructor(view: IntakeView) {
    this.#view = view
    this.#ids = new RowIndex(view.seed)
  }

  link(record: CommitRecord, records: readonly CommitRecord[]): IntakeVerdict {
    this.#count += 1
    this.#before.push(-1)
    const { header, id } = record
    if (this.#ids.find(id) >= 0 || this.#view.history.find(id) >= 0) return 'duplicate'
    const alone = verdictAlone(record, this.#view)
    if (alone !== null) return alone
    const before = header.prev === null ? -1 : this.#ids.find(header.prev)
    const place = this.#places[before]
    const verdict = place === undefined ? linkToStored(record, this.#view) : follows(record, records[place])
    if (verdict !== 'linked') return verdict
    this.#before[this.#count] = place ?? -1
    const run = this.#runOf[before]
    // A second commit after the same one is the other branch of a fork: a run of its own.
    const extended = run !== undefined && run.at(-1) === place ? run : []
    if (extended.length === 0) this.runs.push(extended)
    extended.push(this.#count)
    this.#runOf[this.#ids.add(id)] = extended
    this.#places.push(this.#count)
    return 'linked'
  }

  /** Place of the commit before the one at this place, which was linked; -1 when it is not in the batch. */
  before(place: number): number {
    return this.#before[place] ?? -1
  }

  /** Place in the batch of a record that was linked; -1 for none. */
  placeOf(id: Uint8Array): number {
    return this.#places[this.#ids.find(id)] ?? -1
  }

  /** Places of what a record of the batch follows and lists, as far as these are in the batch. */
  needs({ prev, seen }: CommitRecord['header']): number[] {
    const ids = prev === null ? seen.map((it) => it.id) : [prev, ...seen.map((it) => it.id)]
    return ids.map((id) => this.placeOf(id)).filter((place) => place >= 0)
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
  signatures: Signatures
  rule: SignatureRule
  /** Verdict on what no certain signature covers. */
  bare: IntakeVerdict
}

function isSignatureGood({ records, signatures, rule }: Judged, at: number): boolean {
  return signatures.isGood(records[at], rule)
}

/**
 * Sets aside what would be stored although the signature that covers it is that of a commit which may have to wait, or
 * may be refused. True when it set something aside.
 */
function setBareAside(batch: Batch, judged: Judged, view: IntakeView): boolean {
  const { verdicts } = judged
  // A commit is bare only where another of its chain follows it in the batch; one that comes alone is checked itself.
  if (batch.runs.every((run) => run.length < 2)) return false
  const loose = looseOf(batch, judged, view)
  let hasChanged = false
  for (const run of loose.size === 0 ? [] : batch.runs) {
    const bare = run.findIndex(
      (at, i) => verdicts[at] === 'linked' && loose.has(run[i + 1] ?? -1) && !isSignatureGood(judged, at),
    )
    if (bare < 0) continue
    const from = run.slice(0, bare).findLastIndex((at) => isSignatureGood(judged, at)) + 1
    for (const at of run.slice(from)) verdicts[at] = judged.bare
    hasChanged = true
  }
  return hasChanged
}

/**
 * Places of records that may go another way than the commit before them: what they list is missing, is left for later, or
 * may yet turn out to be of a stranger; or there may be no room to wait in. What needs one that is left for later is too.
 */
function looseOf(batch: Batch, { records, verdicts }: Judged, view: IntakeView): Set<number> {
  const { history, pending } = view
  const folded = new FoldedPlaces(batch, { records, history })
  const loose = new Set<number>()
  const waiting = { count: 0, bytes: 0 }
  const hasLater = verdicts.includes('later')
  for (const [at, record] of records.entries()) {
    if (verdicts[at] !== 'linked') {
      if (verdicts[at] === 'later') loose.add(at)
      continue
    }
    const { header } = record
    if (hasLater && batch.needs(header).some((it) => verdicts[it] === 'later')) {
      verdicts[at] = 'later'
      loose.add(at)
      continue
    }
    const mayBegin = header.prev !== null || view.mayBegin(record)
    const isFollowing =
      header.prev === null
        ? mayBegin !== false
        : folded.has(batch.before(at)) || history.find(header.prev) >= 0
    const isComplete = header.seen.every((head) => folded.isThere(head))
    if (isFollowing && isComplete) {
      // What proves the seal that it cites may be missing: only the commit's whole past says so.
      const mayBeRefused = citesAnew(record, records[batch.before(at)], view)
      if (folded.add(at, mayBegin === null || mayBeRefused) || mayBeRefused) loose.add(at)
      continue
    }
    if (!isComplete || !pending.hasRoomFor(record, waiting)) loose.add(at)
    waiting.count += 1
    waiting.bytes += record.bytes.length
  }
  return loose
}

/** First commits of one batch that are told apart when nobody knows yet whether they will be stored: bits of a number. */
const OPEN_TOLD_APART = 30

/** Records of a batch that will be folded, as far as the batch tells: unless a first commit behind them is a stranger's. */
class FoldedPlaces {
  /** By place: which first commits it stands or falls with, a bit each; -1 for one that will not be folded. */
  readonly #open: Int32Array
  readonly #batch: Batch
  readonly #records: readonly CommitRecord[]
  readonly #history: History
  #count = 0

  constructor(batch: Batch, parts: { records: readonly CommitRecord[]; history: History }) {
    this.#batch = batch
    this.#open = new Int32Array(parts.records.length).fill(-1)
    this.#records = parts.records
    this.#history = parts.history
  }

  has(place: number): boolean {
    return (this.#open[place] ?? -1) >= 0
  }

  /** True for a head that is stored, or will be, and is what the commit that lists it says. */
  isThere({ id, device, seq }: SeenHead): boolean {
    // Most of what is listed came just before, and no commit of the batch is stored yet.
    const place = this.#batch.placeOf(id)
    if (place >= 0) {
      const header = this.#records[place]?.header
      return this.has(place) && header?.seq === seq && equalBytes(header.device, device)
    }
    const order = this.#history.find(id)
    return order >= 0 && this.#history.seqOf(order) === seq && this.#history.isBy(order, device)
  }

  /** Adds a record; true when it may be refused for what it lists although the one before it is stored. */
  add(place: number, isOpen: boolean): boolean {
    if (this.#count === 0 && !isOpen) {
      this.#open[place] = 0
      return false
    }
    const header = this.#records[place]?.header
    let listed = 0
    for (const { id } of header?.seen ?? []) listed |= this.#openOf(id)
    const before = this.#openAt(this.#batch.before(place))
    let own = 0
    if (isOpen) {
      own = 1 << Math.min(this.#count, OPEN_TOLD_APART)
      this.#count += 1
    }
    this.#open[place] = before | listed | own
    // The last bit stands for many: what lists one of them may stand or fall with another than the commit before it.
    return (listed & ~before) !== 0 || (listed & (1 << OPEN_TOLD_APART)) !== 0
  }

  #openOf(id: Uint8Array): number {
    return this.#openAt(this.#batch.placeOf(id))
  }

  #openAt(place: number): number {
    return Math.max(0, this.#open[place] ?? 0)
  }
}

/** True for a commit that cites another epoch than the one before on its chain, which nothing that is stored proves. */
function citesAnew(record: CommitRecord, before: CommitRecord | undefined, view: IntakeView): boolean {
  const { prev, epoch } = record.header
  if (prev === null) return !equalBytes(epoch, view.coop) && !view.mayCite(record)
  const cited = before?.header.epoch ?? storedEpoch(prev, view)
  return (cited === undefined || !equalBytes(cited, epoch)) && !view.mayCite(record)
}

/** The epoch that a commit which is stored, or waits, cites. */
function storedEpoch(id: Uint8Array, view: IntakeView): Uint8Array | undefined {
  const order = view.history.find(id)
  return order >= 0 ? view.epochOf(order) : view.pending.get(id)?.header.epoch
}
