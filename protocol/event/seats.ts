import { toHex } from '../encoding/index.ts'
import type { Mode, PassEntry } from './entries.ts'
import { DOUBLES_MAX } from './event-limits.ts'

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
  /**
   * Entries of the same seat into the same zone that no exit lies between, or of which neither gate knew: of more than
   * `DOUBLES_MAX` those of the lowest commit ids.
   */
  doubles: readonly Pass[]
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

/** Whether the commit that is looked at knows another one. */
export type Knows = (order: number) => boolean

/** Where something was said. */
interface Said {
  order: number
  commit: string
}

/** A pass with what was said of it: by its own chain alone, which a cheat may have parted. */
class KeptPass implements Pass {
  readonly order: number
  readonly commit: string
  readonly index: number
  readonly device: string
  readonly way: 'in' | 'out'
  readonly seat: string
  readonly class: string
  readonly bucket: string
  readonly mode: Mode
  readonly gate: string
  readonly zone: string | null
  readonly room: string | null
  readonly atMs: number
  readonly id: string
  readonly reason: string
  doubles: Pass[] = NONE
  /** Of an exit: which entry it ended, in the order of the commits that say so. */
  ends: (Said & { of: KeptPass })[] = NONE
  /** Of an entry: exits that ended it, in the order of their commits. */
  exits: KeptPass[] = NONE
  undos: (Said & { atMs: number; reason: string })[] = NONE
  /** Of an entry: its room was given back (1), or taken again (-1). */
  moves: (Said & { by: 1 | -1 })[] = NONE

  constructor(entry: PassEntry, seat: string, at: PassPlace) {
    this.order = at.order
    this.commit = at.commit
    this.index = at.index
    this.device = at.device
    this.way = entry.way
    this.seat = seat
    this.class = entry.class
    this.bucket = entry.bucket
    this.mode = entry.mode
    this.gate = entry.gate
    this.zone = entry.zone
    this.room = entry.room
    this.atMs = entry.atMs
    this.id = toHex(entry.id)
    this.reason = entry.reason
  }

  get of(): Pass | null {
    return this.ends[0]?.of ?? null
  }

  get undone(): Pass['undone'] {
    return this.undos[0] ?? null
  }

  get isRoomBack(): boolean {
    return isBack(this.moves)
  }
}

/** Where a pass stands. */
export interface PassPlace extends Said {
  index: number
  device: string
}

/** Passes by seat, with what they come to: told of each once, in any order that causes come before effects. */
export class Seats {
  readonly #bySeat = new Map<string, KeptPass[]>()
  readonly #byCommit = new Map<string, KeptPass[]>()
  readonly #byDevice = new Map<string, KeptPass[]>()
  /** By device: exits of which it did not know the entry, and entries with room that an exit elsewhere ended. */
  readonly #unmatched = new Map<string, Set<KeptPass>>()
  readonly #away = new Map<string, Set<KeptPass>>()
  /** By name of the scan and device. */
  readonly #byScan = new Map<string, Pass>()
  /** Whether the books take nothing of a commit; null while they do not know. */
  readonly #isVoid: (order: number) => boolean | null
  /** Seats that are not in the tally: changed since it was asked for, or with passes of which the books do not know yet. */
  readonly #uncounted = new Set<string>()
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

  /** Passes by a device (hex), in the order of the log. */
  by(device: string): readonly Pass[] {
    return this.#byDevice.get(device) ?? NONE
  }

  /** The pass that a device (hex) wrote for a scan (hex). */
  ofScan(id: string, device: string): Pass | undefined {
    return this.#byScan.get(`${id} ${device}`)
  }

  /** The pass at a place of a commit (hex). */
  find(commit: string, index: number): Pass | undefined {
    return this.#find(commit, index)
  }

  /** @param knows - whether the commit knows an earlier one of the log */
  add(entry: PassEntry, at: PassPlace, knows: Knows): void {
    const seat = toHex(entry.seat)
    const pass = new KeptPass(entry, seat, at)
    const of = entry.of === null ? undefined : this.#find(toHex(entry.of.commit), entry.of.index)
    const passes = this.#change(seat)
    if (pass.way === 'in') noteDoubles(pass, passes, knows)
    passes.push(pass)
    this.log.push(pass)
    this.#byScan.set(`${pass.id} ${at.device}`, pass)
    listOf(this.#byCommit, at.commit).push(pass)
    listOf(this.#byDevice, at.device).push(pass)
    if (of !== undefined) this.#end(pass, of, at)
    else if (pass.way === 'out') setOf(this.#unmatched, at.device).add(pass)
    if (of !== undefined && pass.room !== null) this.#moveRoom(of, at, 1)
  }

  /** A pass was a mistake. */
  undo(pass: Pass, undone: Said & { atMs: number; reason: string }, isRoomMoved: boolean): void {
    const kept = this.#find(pass.commit, pass.index)
    if (kept === undefined) return
    this.#change(pass.seat)
    kept.undos = sorted(kept.undos, undone)
    const entry = kept.way === 'in' ? kept : kept.ends[0]?.of
    if (isRoomMoved && entry !== undefined) this.#moveRoom(entry, undone, kept.way === 'in' ? 1 : -1)
  }

  /** An exit ended an entry, as its device knows by now. */
  match(exit: Pass, of: Pass, at: Said): void {
    const [from, to] = [this.#find(exit.commit, exit.index), this.#find(of.commit, of.index)]
    if (from !== undefined && to !== undefined) this.#end(from, to, at)
  }

  /** The room of the entry that an exit ended is back. */
  home(exit: Pass, at: Said, knows: Knows): void {
    const of = this.endedFor(exit, knows)
    const entry = of === null ? undefined : this.#find(of.commit, of.index)
    if (entry !== undefined) this.#moveRoom(entry, at, 1)
  }

  /** The entry that an exit ended, as a commit knows. */
  endedFor(exit: Pass, knows: Knows): Pass | null {
    return this.#find(exit.commit, exit.index)?.ends.find((it) => knows(it.order))?.of ?? null
  }

  /** True when the room of an entry has been given back, as a commit knows. */
  isRoomBackFor(entry: Pass, knows: Knows): boolean {
    return isBack((this.#find(entry.commit, entry.index)?.moves ?? NONE).filter((it) => knows(it.order)))
  }

  /** True for a pass that its device has taken back, as a commit knows. */
  isUndoneFor(pass: Pass, knows: Knows): boolean {
    return (this.#find(pass.commit, pass.index)?.undos ?? NONE).some((it) => knows(it.order))
  }

  /** True for an entry that an exit ended. */
  isEnded(entry: Pass): boolean {
    const exits = this.#find(entry.commit, entry.index)?.exits ?? NONE
    return exits.some((it) => it.undone === null)
  }

  /** Exits by a device (hex) of which it did not know the entry, each with the one that it can be matched with now. */
  exitsToMatch(device: string): { exit: Pass; of: Pass }[] {
    const found: { exit: Pass; of: Pass }[] = []
    const taken = new Set<Pass>()
    const exits = [...(this.#unmatched.get(device) ?? NONE)].filter((it) => it.undone === null)
    for (const exit of exits.sort(byName)) {
      const [of] = this.of(exit.seat)
        .filter(
          (it) =>
            it.way === 'in' &&
            it.zone === exit.zone &&
            it.undone === null &&
            !taken.has(it) &&
            !this.isEnded(it),
        )
        .sort(byName)
      if (of === undefined) continue
      taken.add(of)
      found.push({ exit, of })
    }
    return found
  }

  /** Exits that ended an entry of this device (hex) and whose room it has not given back. */
  roomsToBringHome(device: string): { exit: Pass; room: string }[] {
    const found: { exit: Pass; room: string }[] = []
    for (const entry of this.#away.get(device) ?? NONE) {
      const exit = entry.exits.find((it) => it.undone === null)
      if (exit !== undefined && entry.room !== null) found.push({ exit, room: entry.room })
    }
    return found
  }

  /** What they come to. */
  tally(): PassTally {
    for (const seat of this.#uncounted) {
      const passes = this.#bySeat.get(seat) ?? NONE
      if (passes.some((it) => this.#isVoid(it.order) === null)) continue
      this.#uncounted.delete(seat)
      this.#count(passes, 1)
    }
    return this.#tally
  }

  #find(commit: string, index: number): KeptPass | undefined {
    return this.#byCommit.get(commit)?.find((it) => it.index === index)
  }

  /** Takes a seat off the tally, as it was, before it changes. */
  #change(seat: string): KeptPass[] {
    const passes = listOf(this.#bySeat, seat)
    if (!this.#uncounted.has(seat)) this.#count(passes, -1)
    this.#uncounted.add(seat)
    return passes
  }

  #end(exit: KeptPass, of: KeptPass, at: Said): void {
    exit.ends = sorted(exit.ends, { order: at.order, commit: at.commit, of })
    of.exits = [...of.exits, exit].sort(byName)
    this.#unmatched.get(exit.device)?.delete(exit)
    this.#noteAway(of)
  }

  #moveRoom(entry: KeptPass, at: Said, by: 1 | -1): void {
    entry.moves = [...entry.moves, { order: at.order, commit: at.commit, by }]
    this.#noteAway(entry)
  }

  #noteAway(entry: KeptPass): void {
    if (entry.room !== null && !entry.isRoomBack) setOf(this.#away, entry.device).add(entry)
    else this.#away.get(entry.device)?.delete(entry)
  }

  #count(passes: readonly Pass[], sign: 1 | -1): void {
    if (passes.length === 0) return
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
function noteDoubles(pass: KeptPass, passes: readonly KeptPass[], knows: Knows): void {
  const ins: KeptPass[] = []
  let outs = 0
  for (const it of passes) {
    if (it.zone !== pass.zone) continue
    const isKnown = it.order === pass.order || knows(it.order)
    if (!isKnown) {
      if (it.way === 'in') noteDouble(pass, it)
    } else if (it.undos.length > 0 && it.undos.some((undo) => knows(undo.order))) continue
    else if (it.way === 'in') ins.push(it)
    else outs += 1
  }
  const open = Math.max(0, ins.length - outs)
  // Somebody's word lets in again who is known to be in: that is counted as such.
  if (open === 0 || pass.mode === 'override') return
  if (open < ins.length) ins.sort((a, b) => a.atMs - b.atMs || (isBefore(a, b) ? -1 : 1))
  for (const it of ins.slice(-open)) noteDouble(pass, it)
}

function noteDouble(one: KeptPass, other: KeptPass): void {
  one.doubles = lowest(one.doubles, other)
  other.doubles = lowest(other.doubles, one)
}

/** A sorted list with one more, cut to the lowest. */
function lowest(list: readonly Pass[], pass: Pass): Pass[] {
  const at = list.findIndex((it) => isBefore(pass, it))
  return (at < 0 ? [...list, pass] : list.toSpliced(at, 0, pass)).slice(0, DOUBLES_MAX)
}

function byName(a: Pass, b: Pass): number {
  return isBefore(a, b) ? -1 : 1
}

function isBefore(a: Pass, b: Pass): boolean {
  return a.commit === b.commit ? a.index < b.index : a.commit < b.commit
}

/** A list in the order of commits, with one more. */
function sorted<T extends Said>(list: readonly T[], item: T): T[] {
  return [...list, item].sort((a, b) => (a.commit < b.commit ? -1 : a.commit > b.commit ? 1 : 0))
}

function isBack(moves: readonly { by: 1 | -1 }[]): boolean {
  return moves.reduce((sum, it) => sum + it.by, 0) > 0
}

function listOf<T>(lists: Map<string, T[]>, key: string): T[] {
  const known = lists.get(key)
  if (known !== undefined) return known
  const list: T[] = []
  lists.set(key, list)
  return list
}

function setOf<T>(sets: Map<string, Set<T>>, key: string): Set<T> {
  const known = sets.get(key)
  if (known !== undefined) return known
  const set = new Set<T>()
  sets.set(key, set)
  return set
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

const NONE: never[] = []
