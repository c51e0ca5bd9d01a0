import { toHex } from '../encoding/index.ts'
import type { Mode, PassEntry } from './entries.ts'

/** Somebody went in or out, as a replica keeps it. */
export interface Pass {
  /** Commit: order in this replica's log, and id in hex. */
  order: number
  commit: string
  index: number
  /** Device that wrote it, hex. */
  device: string
  way: 'in' | 'out'
  /** Nullifier, hex. */
  seat: string
  class: string
  bucket: string
  mode: Mode
  gate: string
  zone: string | null
  room: string | null
  atMs: number
  /** Name of the scan, hex. */
  id: string
  reason: string
  /** When its device said that it was a mistake; null for never. */
  undone: { atMs: number; reason: string; order: number } | null
  /** Of an exit: the entry that it ended, as its device knows. */
  of: Pass | null
  /** Of an entry: the room that it took has been given back. */
  isRoomBack: boolean
  /** Entries of the same seat into the same zone that no exit lies between, or of which neither gate knew. */
  doubles: Pass[]
}

/** What all passes of an event come to. */
export interface PassTally {
  /** Seats that were let in, once each. */
  admitted: number
  entries: number
  exits: number
  /** People inside, by zone; under the empty name where there are none. */
  inside: Map<string, number>
  /** Entries beyond the first of one seat, without an exit in between. */
  doubles: number
  overrides: number
  /** Entries by an open class or for a lost gate. */
  open: number
  /** Entries that claim a bucket which their device did not hold. */
  unheld: number
  undone: number
  admittedOfClass: Map<string, number>
  admittedOfBucket: Map<string, number>
}

/** Passes by seat, with what they come to: told of each once, in any order that causes come before effects. */
export class Seats {
  readonly #bySeat = new Map<string, Pass[]>()
  readonly #byName = new Map<string, Pass>()
  /** By name of the scan and device. */
  readonly #byScan = new Map<string, Pass>()
  /** Whether the books take nothing of a commit; null while they do not know. */
  readonly #isVoid: (order: number) => boolean | null
  /** Seats with passes of which the books do not know yet. */
  readonly #unknown = new Set<string>()
  readonly #tally: PassTally = emptyTally()
  /** All, in the order of the log. */
  readonly log: Pass[] = []

  constructor(isVoid: (order: number) => boolean | null) {
    this.#isVoid = isVoid
  }

  /** Passes of a seat (hex), in the order of the log. */
  of(seat: string): readonly Pass[] {
    return this.#bySeat.get(seat) ?? NONE
  }

  /** The pass at a place of a commit (hex). */
  find(commit: string, index: number): Pass | undefined {
    return this.#byName.get(`${commit}/${index}`)
  }

  /** The pass that a device (hex) wrote for a scan (hex). */
  ofScan(id: string, device: string): Pass | undefined {
    return this.#byScan.get(`${id} ${device}`)
  }

  /**
   * @param knows - whether the commit knows an earlier one of the log
   */
  add(
    entry: PassEntry,
    at: { order: number; commit: string; index: number; device: string },
    knows: (order: number) => boolean,
  ): void {
    const { way, mode, gate, zone, room, atMs, reason } = entry
    const seat = toHex(entry.seat)
    const pass: Pass = {
      ...at,
      ...{ way, seat, class: entry.class, bucket: entry.bucket, mode, gate, zone, room, atMs, reason },
      id: toHex(entry.id),
      undone: null,
      of: entry.of === null ? null : (this.find(toHex(entry.of.commit), entry.of.index) ?? null),
      isRoomBack: false,
      doubles: [],
    }
    if (pass.of !== null && room !== null) pass.of.isRoomBack = true
    this.#change(seat, (passes) => {
      if (way === 'in') pass.doubles.push(...doublesOf(pass, passes, knows))
      for (const other of pass.doubles) other.doubles.push(pass)
      passes.push(pass)
    })
    this.log.push(pass)
    this.#byName.set(`${at.commit}/${at.index}`, pass)
    this.#byScan.set(`${pass.id} ${at.device}`, pass)
  }

  /** A pass was a mistake. */
  undo(pass: Pass, undone: NonNullable<Pass['undone']>, isRoomBack: boolean): void {
    this.#change(pass.seat, () => {
      pass.undone ??= undone
    })
    if (pass.way === 'in') pass.isRoomBack ||= isRoomBack
    else if (isRoomBack && pass.of !== null) pass.of.isRoomBack = false
  }

  /** What they come to. */
  tally(): PassTally {
    for (const seat of [...this.#unknown]) this.#change(seat, () => undefined)
    return this.#tally
  }

  #change(seat: string, change: (passes: Pass[]) => void): void {
    let passes = this.#bySeat.get(seat)
    if (passes === undefined) this.#bySeat.set(seat, (passes = []))
    else if (!this.#unknown.has(seat)) this.#count(passes, -1)
    change(passes)
    const isKnown = passes.every((it) => this.#isVoid(it.order) !== null)
    // Counted once the books know all of them: what was added is taken off again as it was.
    if (isKnown) {
      this.#unknown.delete(seat)
      this.#count(passes, 1)
    } else this.#unknown.add(seat)
  }

  #count(passes: readonly Pass[], sign: 1 | -1): void {
    const tally = this.#tally
    const inside = new Map<string, number>()
    let first: Pass | null = null
    for (const pass of passes) {
      if (pass.undone !== null) {
        tally.undone += sign
        continue
      }
      const zone = pass.zone ?? ''
      inside.set(zone, (inside.get(zone) ?? 0) + (pass.way === 'in' ? 1 : -1))
      if (pass.way === 'out') {
        tally.exits += sign
        continue
      }
      tally.entries += sign
      if (first === null || isBefore(pass, first)) first = pass
      if (pass.mode === 'override') tally.overrides += sign
      else if (pass.mode === 'open') tally.open += sign
      else if (this.#isVoid(pass.order) === true) tally.unheld += sign
      if (pass.doubles.some((it) => it.undone === null && isBefore(it, pass))) tally.doubles += sign
    }
    for (const [zone, people] of inside) add(tally.inside, zone, sign * Math.max(0, people))
    if (first === null) return
    tally.admitted += sign
    add(tally.admittedOfClass, first.class, sign)
    add(tally.admittedOfBucket, first.bucket, sign)
  }
}

/** Entries of the seat into the zone that a new one doubles: those that it does not know, and those it knows when nobody left. */
function doublesOf(pass: Pass, passes: readonly Pass[], knows: (order: number) => boolean): Pass[] {
  const same = passes.filter((it) => it.zone === pass.zone)
  const known = same.filter((it) => (it.order === pass.order || knows(it.order)) && !isUndoneFor(it, knows))
  const ins = known
    .filter((it) => it.way === 'in')
    .sort((a, b) => a.atMs - b.atMs || (isBefore(a, b) ? -1 : 1))
  const open = Math.max(0, 2 * ins.length - known.length)
  const unknown = same.filter((it) => it.way === 'in' && it.order !== pass.order && !knows(it.order))
  // Somebody's word lets in again who is known to be in: that is counted as such.
  return open > 0 && pass.mode !== 'override' ? [...ins.slice(-open), ...unknown] : unknown
}

function isUndoneFor(pass: Pass, knows: (order: number) => boolean): boolean {
  return pass.undone !== null && knows(pass.undone.order)
}

function isBefore(a: Pass, b: Pass): boolean {
  return a.commit === b.commit ? a.index < b.index : a.commit < b.commit
}

function add(counts: Map<string, number>, key: string, amount: number): void {
  const count = (counts.get(key) ?? 0) + amount
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}

function emptyTally(): PassTally {
  return {
    ...{ admitted: 0, entries: 0, exits: 0, inside: new Map(), doubles: 0, overrides: 0, open: 0 },
    ...{ unheld: 0, undone: 0, admittedOfClass: new Map(), admittedOfBucket: new Map() },
  }
}

const NONE: readonly Pass[] = []
