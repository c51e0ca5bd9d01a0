import type { RandomStream } from '../kernel/index.ts'

/** Fastest drift of a clock: a thousandth, twice what NTP corrects (500 ppm, RFC 5905). In parts per billion. */
export const DRIFT_PPB_MAX = 1_000_000
/** Changes of one clock. A guess: a jump a day for three years. */
export const CLOCK_CHANGES_MAX = 1_024

const BILLION = 1_000_000_000

/** Something that happens to a clock. */
export interface ClockChange {
  /** When, in true microseconds. */
  readonly atUs: number
  /** How far it is set forward, or back where negative, in whole microseconds; default 0. */
  readonly jumpUs?: number
  /** How fast it runs from then on: parts per billion too fast, or too slow where negative; default as before. */
  readonly driftPpb?: number
}

/** What a clock is made of. */
export interface ClockInit {
  /** How far it is ahead at true time 0, in whole microseconds; negative: behind. */
  readonly skewUs?: number
  /** Parts per billion that it runs too fast, whole; negative: too slow. 1 ppm is 1,000. */
  readonly driftPpb?: number
  /** Times ascending. */
  readonly changes?: readonly ClockChange[]
}

/** A clock of one device: what it shows is a function of true, that is virtual, time. Exact in whole microseconds. */
export class DeviceClock {
  /** By stretch of constant drift: when it begins, what the clock then shows, and the drift. */
  readonly #starts: number[] = [0]
  readonly #shown: number[]
  readonly #drifts: number[]
  /** By stretch: how far it was set until then, with its skew. */
  readonly #set: number[]

  /** Throws a RangeError on values out of range. */
  constructor(init: ClockInit = {}) {
    const { skewUs = 0, driftPpb = 0, changes = [] } = init
    checkWhole('skewUs', skewUs, Number.MAX_SAFE_INTEGER)
    checkWhole('driftPpb', driftPpb, DRIFT_PPB_MAX)
    if (changes.length > CLOCK_CHANGES_MAX) throw new RangeError(`more than ${CLOCK_CHANGES_MAX} changes`)
    this.#shown = [skewUs]
    this.#drifts = [driftPpb]
    this.#set = [skewUs]
    for (const change of changes) this.#append(change)
  }

  /** What the clock shows at a true time of 0 and later, in whole microseconds. */
  readUs(trueUs: number): number {
    return this.#shownAt(this.#stretchAt(trueUs), trueUs)
  }

  /** The same in whole milliseconds, rounded down: what hosts hand to the protocol. */
  readMs(trueUs: number): number {
    return Math.floor(this.readUs(trueUs) / 1_000)
  }

  /** What it would show if nobody had ever set it, in whole milliseconds: what waits are measured by. It never goes back. */
  readSteadyMs(trueUs: number): number {
    const stretch = this.#stretchAt(trueUs)
    return Math.floor((this.#shownAt(stretch, trueUs) - (this.#set[stretch] as number)) / 1_000)
  }

  /**
   * The first true time, not before `fromUs`, at which the clock shows `localUs` or more: when a timer of the device
   * goes off.
   */
  whenShows(localUs: number, fromUs: number): number {
    for (let stretch = this.#stretchAt(fromUs); ; stretch += 1) {
      const startUs = Math.max(fromUs, this.#starts[stretch] as number)
      const waitUs = localUs - this.#shownAt(stretch, startUs)
      if (waitUs <= 0) return startUs
      const atUs = this.#reach(stretch, { localUs, startUs, waitUs })
      const endUs = this.#starts[stretch + 1]
      if (endUs === undefined || atUs < endUs) return atUs
    }
  }

  #append({ atUs, jumpUs = 0, driftPpb }: ClockChange): void {
    const beforeUs = this.#starts.at(-1) as number
    if (!(Number.isSafeInteger(atUs) && atUs >= beforeUs)) {
      throw new RangeError(`a clock changes at ${atUs} us, after ${beforeUs} us`)
    }
    checkWhole('jumpUs', jumpUs, Number.MAX_SAFE_INTEGER)
    checkWhole('driftPpb', driftPpb ?? 0, DRIFT_PPB_MAX)
    const last = this.#starts.length - 1
    this.#shown.push(this.#shownAt(last, atUs) + jumpUs)
    this.#drifts.push(driftPpb ?? (this.#drifts[last] as number))
    this.#set.push((this.#set[last] as number) + jumpUs)
    this.#starts.push(atUs)
  }

  #stretchAt(trueUs: number): number {
    let low = 0
    let high = this.#starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((this.#starts[middle] as number) <= trueUs) low = middle
      else high = middle
    }
    return low
  }

  #shownAt(stretch: number, trueUs: number): number {
    const elapsedUs = trueUs - (this.#starts[stretch] as number)
    return (
      (this.#shown[stretch] as number) + elapsedUs + driftedUs(elapsedUs, this.#drifts[stretch] as number)
    )
  }

  /** Searches around the estimate, since what is shown is rounded. */
  #reach(stretch: number, want: { localUs: number; startUs: number; waitUs: number }): number {
    const rate = 1 + (this.#drifts[stretch] as number) / BILLION
    let atUs = Math.max(want.startUs, want.startUs + Math.floor(want.waitUs / rate) - 2)
    while (this.#shownAt(stretch, atUs) < want.localUs) atUs += 1
    while (atUs > want.startUs && this.#shownAt(stretch, atUs - 1) >= want.localUs) atUs -= 1
    return atUs
  }
}

/** How clocks of a group of devices are spread. */
export interface ClockSpread {
  /** Clocks are up to this far ahead or behind, evenly, in microseconds. */
  readonly skewUsMax: number
  /**
   * They drift up to this much, evenly, in parts per billion. Quartz is sold with 20 to 100 ppm (20,000 to 100,000);
   * RFC 5905 reckons with 15 ppm for a disciplined clock.
   */
  readonly driftPpbMax: number
  /** Probability that a clock jumps once before `horizonUs`, and how far at most, either way. */
  readonly jump?: { readonly probability: number; readonly usMax: number; readonly horizonUs: number }
}

/** Draws one clock. */
export function drawClock(spread: ClockSpread, random: RandomStream): DeviceClock {
  const { skewUsMax, driftPpbMax, jump } = spread
  const skewUs = random.between(-skewUsMax, skewUsMax)
  const driftPpb = random.between(-driftPpbMax, driftPpbMax)
  if (jump === undefined || !random.chance(jump.probability)) return new DeviceClock({ skewUs, driftPpb })
  const atUs = random.below(jump.horizonUs)
  const jumpUs = random.between(-jump.usMax, jump.usMax)
  return new DeviceClock({ skewUs, driftPpb, changes: [{ atUs, jumpUs }] })
}

/** Microseconds gained in `elapsedUs`, rounded down: exact, since seconds and their rest are multiplied apart. */
function driftedUs(elapsedUs: number, driftPpb: number): number {
  const thousands = Math.floor(elapsedUs / BILLION)
  const rest = elapsedUs - thousands * BILLION
  return thousands * driftPpb + Math.floor((rest * driftPpb) / BILLION)
}

function checkWhole(name: string, value: number, most: number): void {
  if (!(Number.isSafeInteger(value) && Math.abs(value) <= most)) {
    throw new RangeError(`${name} is a whole number from -${most} to ${most}, not ${value}`)
  }
}
