import type { ActName } from './act.ts'
import type { Judgement, VoidReason } from './cover.ts'

/** What a commit's causal past says of it. The same on every replica, whatever else it stores. */
export interface Verdict {
  /** Why its debits are void; null when they are valid. */
  readonly voidBecause: VoidReason | null
  /** Transfers that it is the first on its branch to accept. */
  readonly accepted: ActName[]
  /** Minor units left of each unit that it credits or debits; other units are as behind the commit before. */
  readonly left: ReadonlyMap<string, bigint>
}

/** A verdict whose details are made when somebody asks: whoever appends a million commits asks for few. */
export class JudgedVerdict implements Verdict {
  readonly voidBecause: VoidReason | null
  readonly #judgement: Judgement

  constructor(judgement: Judgement) {
    this.voidBecause = judgement.voidBecause
    this.#judgement = judgement
  }

  get accepted(): ActName[] {
    return this.#judgement.accepted.map(({ order, act }) => ({ order, act }))
  }

  get left(): ReadonlyMap<string, bigint> {
    const { accounts, amounts } = this.#judgement.left
    return new Map(accounts.map(({ name }, at) => [name, amounts[at] ?? 0n]))
  }
}
