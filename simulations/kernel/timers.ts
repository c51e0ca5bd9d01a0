import type { Simulator } from './simulator.ts'

/**
 * One timer for each target, set again and again or cleared, as a protocol's "wake me at" asks. A timer that moves later
 * costs no event; at most one event of each target counts, the others pass without effect.
 */
export class Timers {
  readonly #sim: Simulator
  readonly #kind: number
  /** By target: when its timer goes off; infinity when it is not set. */
  readonly #wantedUs: Float64Array
  /** By target: when the event comes that counts, and its number. */
  readonly #comesUs: Float64Array
  readonly #turns: Uint32Array

  /** `targets`: how many there are. `onDue`: called at the time of a timer, which is then no longer set. */
  constructor(sim: Simulator, init: { name: string; targets: number; onDue: (target: number) => void }) {
    this.#sim = sim
    this.#wantedUs = new Float64Array(init.targets).fill(Number.POSITIVE_INFINITY)
    this.#comesUs = new Float64Array(init.targets).fill(Number.POSITIVE_INFINITY)
    this.#turns = new Uint32Array(init.targets)
    this.#kind = sim.register(init.name, (target, turn) => {
      if (turn !== this.#turns[target]) return
      const wantedUs = this.#wantedUs[target] as number
      this.#comesUs[target] = Number.POSITIVE_INFINITY
      if (wantedUs > sim.nowUs) return this.set(target, wantedUs)
      this.clear(target)
      init.onDue(target)
    })
  }

  /** When the timer of a target goes off, in microseconds; infinity when it is not set. */
  dueUs(target: number): number {
    return this.#wantedUs[target] as number
  }

  /** Sets the timer of a target to a time, or to another one; not before now. Infinity clears it. */
  set(target: number, timeUs: number): void {
    this.#wantedUs[target] = timeUs
    if (timeUs >= (this.#comesUs[target] as number)) return
    this.#comesUs[target] = timeUs
    this.#turns[target] = (this.#turns[target] as number) + 1
    this.#sim.at(timeUs, this.#kind, target, this.#turns[target])
  }

  clear(target: number): void {
    this.#wantedUs[target] = Number.POSITIVE_INFINITY
  }
}
