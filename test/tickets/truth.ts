import { expect } from 'vitest'
import type { Mode } from '#protocol/event'

/** Somebody went in, in truth. */
export interface Admission {
  zone: string
  mode: Mode
  /** Took room of its zone. */
  hasRoom: boolean
  /** Commit that says so, hex. */
  commit: string
  /** Commit that takes it back; null for none. */
  undo: string | null
}

/** A seat that was sold once, under as many codes as it changed hands. */
export interface Seat {
  /** Swaps so far. */
  codes: number
  isRefunded: boolean
  admissions: Admission[]
  /** People inside on it now, by zone. */
  inside: Map<string, number>
  /** Somebody was let in openly or by a word: what a gate says of it from then on is no promise. */
  isOpen: boolean
  /** An exit was taken back: who heard of the exit alone let in another in good faith. */
  isMistaken: boolean
}

/** What happened in truth, whoever knows of it: what no device may contradict. */
export class Truth {
  readonly seats: Seat[] = []
  /** People inside, by zone. */
  readonly inside = new Map<string, number>()
  /** Let in without room, by zone: by somebody's word. */
  readonly #roomless = new Map<string, number>()
  /** Numbers that were sold, by bucket. */
  readonly #numbers = new Set<string>()
  readonly #seatsMost: number
  readonly #roomMost: ReadonlyMap<string, number>
  readonly #isReentry: boolean
  /** How often one seat may be admitted at once: once, and once more for each group that a cheat gave the bucket to. */
  heldMost = 1

  constructor(seats: number, rooms: ReadonlyMap<string, number>, isReentry: boolean) {
    this.#seatsMost = seats
    this.#roomMost = rooms
    this.#isReentry = isReentry
  }

  sold(): Seat {
    const seat: Seat = {
      ...{ codes: 1, isRefunded: false, admissions: [], inside: new Map() },
      ...{ isOpen: false, isMistaken: false },
    }
    this.seats.push(seat)
    this.#isWithinSeats()
    return seat
  }

  /** A ticket was sold with this number of its bucket. */
  numbered(bucket: string, serial: number): void {
    const number = `${bucket} ${serial}`
    if (this.heldMost === 1)
      expect(this.#numbers.has(number), 'a number of a bucket was sold before').toBe(false)
    this.#numbers.add(number)
  }

  refunded(seat: Seat): void {
    seat.isRefunded = true
    if (this.heldMost === 1)
      expect(this.#isIn(seat), 'the money of somebody who went in was given back').toBe(false)
  }

  /** @param generation - how many swaps were before the code that was shown */
  admitted(seat: Seat, generation: number, admission: Admission): void {
    const { zone, mode } = admission
    const before = seat.admissions.filter((it) => it.zone === zone && it.mode === 'held' && it.undo === null)
    seat.admissions.push(admission)
    seat.isOpen ||= mode !== 'held'
    add(seat.inside, zone, 1)
    add(this.inside, zone, 1)
    if (!admission.hasRoom) add(this.#roomless, zone, 1)
    const most = (this.#roomMost.get(zone) ?? Infinity) + (this.#roomless.get(zone) ?? 0)
    if (this.#roomMost.has(zone)) expect(this.inside.get(zone), `people in ${zone}`).toBeLessThanOrEqual(most)
    if (mode !== 'held' || seat.isOpen) return
    if (this.heldMost === 1) {
      expect(seat.isRefunded, 'a refunded ticket was admitted').toBe(false)
      // Who bought the new code would be refused for ever.
      expect(generation, 'the old code of a swapped ticket was admitted').toBe(seat.codes - 1)
    }
    const held = this.#isReentry ? (seat.inside.get(zone) ?? 0) : before.length + 1
    expect(held, 'people on one seat').toBeLessThanOrEqual(this.heldMost)
  }

  left(seat: Seat, zone: string): void {
    add(seat.inside, zone, -1)
    add(this.inside, zone, -1)
  }

  /** Somebody did not leave after all. Who heard that he had may have let in another by then. */
  stayed(seat: Seat, zone: string): void {
    seat.isOpen = true
    seat.isMistaken = true
    add(this.#roomless, zone, 1)
    add(seat.inside, zone, 1)
    add(this.inside, zone, 1)
  }

  /** Somebody was not let in after all. */
  undone(seat: Seat, admission: Admission, commit: string): void {
    admission.undo = commit
    add(seat.inside, admission.zone, -1)
    add(this.inside, admission.zone, -1)
    if (!admission.hasRoom) add(this.#roomless, admission.zone, -1)
  }

  /** How many people a zone holds, with those who were let in without room; Infinity where nothing limits them. */
  roomOf(zone: string): number {
    return (this.#roomMost.get(zone) ?? Infinity) + (this.#roomless.get(zone) ?? 0)
  }

  /** Tickets that can be shown. */
  get live(): number {
    return this.seats.filter((it) => !it.isRefunded).length
  }

  #isWithinSeats(): void {
    expect(this.live, 'tickets sold').toBeLessThanOrEqual(this.#seatsMost)
  }

  #isIn({ admissions, isOpen }: Seat): boolean {
    return !isOpen && admissions.some((it) => it.undo === null && it.mode === 'held')
  }
}

function add(counts: Map<string, number>, key: string, amount: number): void {
  counts.set(key, (counts.get(key) ?? 0) + amount)
}
