import type { Standing, UnitTotals, VoidReason } from '#protocol/evaluation'
import { emptyBook } from './oracle-books.ts'
import type { OracleBook } from './oracle-books.ts'
import { evaluate } from './oracle.ts'
import type { OracleResult } from './oracle.ts'
import { RULES } from './rules.ts'
import type { Rules } from './rules.ts'
import { Intake } from './intake.ts'
import type { Item } from './intake.ts'
import { winner } from './winner.ts'
import type { MakeWitness, Witness } from './witness.ts'
import type { Store, World } from './world.ts'

/** A replica that asks the oracle, which may be told of other rules. */
export class OracleWitness implements Witness {
  readonly world: World
  readonly store: Store = { commits: new Set(), seals: new Set([0]) }
  readonly #rules: Rules
  readonly #intake: Intake
  /** Commits that came again. */
  readonly #repeated: number[] = []
  #result: OracleResult | null = null

  constructor(world: World, rules: Rules) {
    this.world = world
    this.#rules = rules
    this.#intake = new Intake(world, this.store)
  }

  get tip(): number {
    return winner(this.world, this.store.seals)
  }

  get isStuck(): boolean {
    return this.#intake.isStuck
  }

  receive(item: Item, step?: () => void): void {
    if (!this.#rules.repeatsAreIgnored && item.kind === 'commit' && this.store.commits.has(item.id)) {
      this.#repeated.push(item.id)
      this.#result = null
    }
    this.#intake.receive(item, ({ kind, id }) => {
      if (kind === 'commit') this.store.commits.add(id)
      else this.store.seals.add(id)
      this.#result = null
      step?.()
    })
  }

  voidReason(id: number): VoidReason | null {
    return this.#now().verdicts.get(id)?.voidBecause ?? null
  }

  left(id: number, account: string): bigint {
    return this.#now().verdicts.get(id)?.left.get(account) ?? 0n
  }

  accepts(id: number): string[] {
    return (this.#now().verdicts.get(id)?.accepts ?? []).toSorted()
  }

  acceptedBy(id: number, act: number): number[] {
    return [...this.store.commits].filter((by) => this.accepts(by).includes(`${id}.${act}`))
  }

  standing(id: number): Standing {
    return this.#now().standings.get(id) as Standing
  }

  isShown(id: number): boolean {
    return this.#now().visible.has(id)
  }

  isCounted(id: number, act: number): boolean {
    return this.#now().counted.has(`${id}.${act}`)
  }

  holding(device: number, account: string): bigint {
    return this.#book(account).holdings[device] ?? 0n
  }

  inFlightTo(device: number, account: string): bigint {
    return this.#book(account).inFlight[device] ?? 0n
  }

  lossOf(device: number, unit: string): bigint {
    return (this.#book(unit).replaced[device] ?? 0n) - this.holding(device, `${unit}!`)
  }

  totals(unit: string): UnitTotals {
    return this.#now().totals(unit)
  }

  #book(account: string): OracleBook {
    return this.#now().books.get(account) ?? emptyBook(this.world.deviceCount)
  }

  #now(): OracleResult {
    const commits = [...this.store.commits, ...this.#repeated]
    this.#result ??= evaluate(this.world, { ...this.store, commits }, this.tip, this.#rules)
    return this.#result
  }
}

/** Makes replicas that go by the rules but for these. */
export function without(rules: Partial<Rules>): MakeWitness {
  return (world) => new OracleWitness(world, { ...RULES, ...rules })
}
