import type { Roster } from './roster.ts'
import type { Oracle } from './oracle.ts'
import type { Commit } from './world.ts'

/**
 * What the laws ask of a replica. Ids are those of the world: who makes one of the product turns each commit of the
 * world into bytes once (`renamed` gives the oracle the ids that those have) and translates back.
 */
export interface Subject {
  /** Takes a commit whose past it has. Says whether it was stored, else by which refusal it was not. */
  deliver(commit: Commit): string | null
  /** `valid`, or the refusal of its act; null without an act. */
  verdict(commit: Commit): string | null
  roster(): Roster
}

/** The oracle as a subject: what a comparison of two of them tests is the comparison. */
export class OracleSubject implements Subject {
  readonly #oracle: Oracle
  readonly #roster: (oracle: Oracle) => Roster

  constructor(oracle: Oracle, roster: (oracle: Oracle) => Roster) {
    this.#oracle = oracle
    this.#roster = roster
  }

  deliver(commit: Commit): string | null {
    const refusal = this.#oracle.refusal(commit)
    if (refusal === null) this.#oracle.add(commit)
    return refusal
  }

  verdict(commit: Commit): string | null {
    return this.#oracle.verdict(commit)
  }

  roster(): Roster {
    return this.#roster(this.#oracle)
  }
}
