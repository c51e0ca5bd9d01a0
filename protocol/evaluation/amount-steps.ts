import { lastAtMost } from './steps.ts'
import type { NumberedLine } from './steps.ts'

/**
 * As `PathSteps`, for amounts of 0 or more: 12 bytes a step. A chain that sells has four steps a sale, of which a million
 * are kept, since any commit may turn out to be where a chain parts.
 */
export class AmountSteps {
  readonly #lines = new Map<number, Run>()

  /** Amount at position `at` on the path of `line`; 0 before the first one. */
  at(line: NumberedLine, at: number): bigint {
    let limit = at
    for (let part: NumberedLine | null = line; part !== null; part = part.parent) {
      const run = this.#lines.get(part.index)
      const step = run === undefined ? -1 : run.lastAtMost(limit)
      if (run !== undefined && step >= 0) return run.amountAt(step)
      limit = Math.min(limit, part.base - 1)
    }
    return 0n
  }

  /** Notes the amount from position `at` of `line` on; positions of one line never descend. */
  set(line: NumberedLine, at: number, amount: bigint): void {
    let run = this.#lines.get(line.index)
    if (run === undefined) this.#lines.set(line.index, (run = new Run()))
    run.set(at, amount)
  }
}

/** The steps of one line. */
class Run {
  #length = 0
  #from = new Uint32Array(ROWS_FIRST)
  #amounts = new BigInt64Array(ROWS_FIRST)
  /** Amounts beyond 64 bits, of which the place is kept as a negative number. */
  #wide: bigint[] | null = null

  lastAtMost(limit: number): number {
    return lastAtMost(this.#from, limit, this.#length)
  }

  amountAt(step: number): bigint {
    const amount = this.#amounts[step] ?? 0n
    return amount >= 0n ? amount : (this.#wide?.[Number(-amount) - 1] ?? 0n)
  }

  set(at: number, amount: bigint): void {
    const last = this.#length - 1
    const step = last >= 0 && this.#from[last] === at ? last : this.#length
    if (step === this.#from.length) this.#grow()
    this.#length = step + 1
    this.#from[step] = at
    if (amount <= NARROW_MAX) this.#amounts[step] = amount
    else this.#amounts[step] = BigInt(-(this.#wide ??= []).push(amount))
  }

  #grow(): void {
    const rows = this.#length + Math.max(ROWS_FIRST, this.#length >> 2)
    const [from, amounts] = [new Uint32Array(rows), new BigInt64Array(rows)]
    from.set(this.#from)
    amounts.set(this.#amounts)
    this.#from = from
    this.#amounts = amounts
  }
}

const NARROW_MAX = 2n ** 63n - 1n
/** Rows of a run at the start: most devices have few commits with an account. */
const ROWS_FIRST = 4
