import type { AuthorityState } from '../authority/index.ts'
import type { Role } from '../document/index.ts'
import { toHex } from '../encoding/index.ts'
import type { History, HistoryPool } from '../history/index.ts'

/** What a chain's first commit relies on as its own admission. */
export interface Standing {
  role: Role
  /** The member's recovery key, hex. */
  member: string
  /** Commit of the admission, hex. */
  admission: string
}

/** Role and member that each chain starts with: the admission that its first commit relies on. */
export class Standings {
  readonly #history: History
  readonly #authority: AuthorityState
  readonly #nameOf: (device: number) => string
  readonly #pool: HistoryPool | null
  /** By the index of the first commit's branch. What that commit knows is settled when it is folded. */
  readonly #known: (Standing | null | undefined)[] = []

  /**
   * @param parts.nameOf - key (hex) of a device by number
   * @param parts.pool - what the replica shares with others
   */
  constructor(
    history: History,
    authority: AuthorityState,
    parts: { nameOf: (device: number) => string; pool: HistoryPool | null },
  ) {
    this.#history = history
    this.#authority = authority
    this.#nameOf = parts.nameOf
    this.#pool = parts.pool
  }

  /** Standing of the chain that holds the commit; null when its first commit relies on no admission. */
  of(order: number): Standing | null {
    const branch = this.#history.branchOf(order)
    const first = branch.at(0)
    const place = branch.base === 0 ? branch.index : this.#history.branchIndexOf(first)
    const known = this.#known[place]
    if (known !== undefined) return known
    const found = this.#found(first)
    if (found !== null) return (this.#known[place] = found)
    const admissions = this.#authority.admissionsOf(this.#nameOf(branch.device))
    const admission = admissions.find((it) => this.#history.relies(first, it.order))
    const standing =
      admission === undefined
        ? null
        : { role: admission.role, member: admission.member, admission: admission.commit }
    this.#known[place] = standing
    if (standing !== null) this.#share(first, standing)
    return standing
  }

  /** What another replica found, which follows from the commit's past; of forks each replica judges itself. */
  #found(first: number): Standing | null {
    if (this.#pool === null || this.#history.forks.size > 0) return null
    return (this.#pool.standings[this.#history.pooledNumberOf(first)] as Standing | undefined) ?? null
  }

  #share(first: number, standing: Standing): void {
    if (this.#pool !== null && this.#history.forks.size === 0)
      this.#pool.standings[this.#history.pooledNumberOf(first)] = standing
  }

  /** Forgets all, because the authority document is folded anew. */
  clear(): void {
    this.#known.length = 0
  }

  /** Settles the standing of the founding commit, which admits its own author. */
  found(order: number, member: string): void {
    const admission = toHex(this.#history.idOf(order))
    this.#known[this.#history.branchIndexOf(order)] = { role: 'steward', member, admission }
  }
}
