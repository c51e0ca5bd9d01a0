import type { Act, UnitTotals } from '#protocol/evaluation'
import { unitOf } from './oracle-debits.ts'
import type { OracleStanding, OracleVerdict } from './oracle.ts'
import type { Rules } from './rules.ts'
import { deviceOf } from './world.ts'
import type { World, WorldAllowance } from './world.ts'

/** One account over all devices. */
export interface OracleBook {
  issued: bigint
  issuedAside: bigint
  consumed: bigint
  movedIn: bigint
  movedOut: bigint
  holdings: bigint[]
  inFlight: bigint[]
  /** What was issued against each device's loss account. */
  replaced: bigint[]
}

/** What the books are kept from. */
export interface OracleGround {
  readonly world: World
  readonly rules: Rules
  /** Stored commits, ascending. */
  readonly order: readonly number[]
  readonly verdicts: ReadonlyMap<number, OracleVerdict>
  readonly standings: ReadonlyMap<number, OracleStanding>
  /** Transfers that somebody accepted, as `commit.act`. */
  readonly accepted: ReadonlySet<string>
}

/** The books of a store, added up anew from all that counts. */
export class OracleBooks {
  /** Acts that stand in the books, as `commit.act`. */
  readonly counted: Set<string> = new Set()
  readonly books: Map<string, OracleBook> = new Map()
  readonly #ground: OracleGround
  /** What came out of rights and credit lines, by unit, and what seals issued straight to who holds it. */
  readonly #issued = new Map<string, bigint>()
  readonly #replaced = new Map<string, bigint>()
  /** Units with who defined them: the supply is the device's once, however many branches define it. */
  readonly #supplied = new Set<string>()

  constructor(ground: OracleGround) {
    this.#ground = ground
  }

  /** Enters an allowance. */
  issue({ device, unit, amount, insteadOf }: WorldAllowance, isOnLine: boolean): void {
    const { rules } = this.#ground
    const book = this.#book(unit)
    book.issued += amount
    if (!isOnLine) book.issuedAside += amount
    change(book.holdings, device, amount)
    if (insteadOf < 0) {
      if (!isSource(unit)) raise(this.#issued, unitOf(unit), amount)
      return
    }
    raise(this.#replaced, unitOf(unit), amount)
    if (rules.lossesAreBooked) change(book.replaced, insteadOf, amount)
    if (!rules.sealsTakeHoldings) return
    book.issued -= amount
    change(book.holdings, insteadOf, -amount)
  }

  /** Enters all acts that count. */
  enter(): void {
    const { world, rules, order, verdicts, standings, accepted } = this.#ground
    for (const id of order) {
      const { device, acts } = world.at(id)
      const { isContested, isLate } = standings.get(id) as OracleStanding
      const isGood = !isContested && !isLate
      for (const index of verdicts.get(id)?.stands ?? []) {
        const act = acts[index] as Act
        const name = `${id}.${index}`
        const isAccepted = accepted.has(name) && !(isLate && rules.lateBeatsAcceptance)
        const isStanding = act.kind === 'transfer' ? isAccepted : rules.factsAlwaysCount
        if (!isGood && !isStanding) continue
        this.counted.add(name)
        this.#enter(act, device, accepted.has(name))
      }
    }
  }

  /** Sums of a unit, by what flowed in and out of it. */
  totals(unit: string): UnitTotals {
    const bookOf = (mark: string): OracleBook => this.books.get(unit + mark) ?? this.#none()
    const [held, right, credit, used, returned, written] = ['', '+', '=', '-', '~', '!'].map(bookOf) as [
      OracleBook,
      OracleBook,
      OracleBook,
      OracleBook,
      OracleBook,
      OracleBook,
    ]
    const all = [held, right, credit, used, returned, written]
    const replaced = this.#replaced.get(unit) ?? 0n
    return {
      issued: this.#issued.get(unit) ?? 0n,
      replaced,
      issuedAside: sum(all.map((it) => it.issuedAside)),
      used: sum(used.holdings) + sum(all.map((it) => it.consumed)),
      returned: sum(returned.holdings),
      writtenBack: sum(written.holdings),
      held: above(held.holdings),
      deficits: below(held.holdings),
      inFlight: sum(all.flatMap((it) => it.inFlight)),
      rights: above(right.holdings),
      rightsLacking: below(right.holdings),
      credit: above(credit.holdings),
      creditLacking: below(credit.holdings),
      loss: replaced - sum(written.holdings),
    }
  }

  #enter(act: Act, device: number, isAccepted: boolean): void {
    const { rules } = this.#ground
    if (act.kind === 'define') {
      const right = this.#book(`${act.unit}+`)
      const name = `${act.unit}/${device}`
      const isNew = !this.#supplied.has(name) || !rules.suppliesCountOnce
      this.#supplied.add(name)
      if (!isNew) return
      right.issued += act.supply
      change(right.holdings, device, act.supply)
      return
    }
    const book = this.#book(act.unit)
    change(book.holdings, device, -act.amount)
    if (act.kind === 'transfer') {
      change(isAccepted ? book.holdings : book.inFlight, deviceOf(act.to), act.amount)
      return
    }
    const unit = unitOf(act.unit)
    if (isSource(act.unit)) raise(this.#issued, unit, act.amount)
    if (act.into === undefined) {
      book.consumed += act.amount
      return
    }
    if (isSource(act.into)) raise(this.#issued, unit, -act.amount)
    book.movedOut += act.amount
    const other = this.#book(act.into)
    other.movedIn += act.amount
    if (rules.movesArrive) change(other.holdings, device, act.amount)
  }

  #book(account: string): OracleBook {
    const book = this.books.get(account) ?? this.#none()
    this.books.set(account, book)
    return book
  }

  #none(): OracleBook {
    return emptyBook(this.#ground.world.deviceCount)
  }
}

/** A book in which nothing is. */
export function emptyBook(devices: number): OracleBook {
  const none = (): bigint[] => Array.from({ length: devices }, () => 0n)
  return {
    issued: 0n,
    issuedAside: 0n,
    consumed: 0n,
    movedIn: 0n,
    movedOut: 0n,
    holdings: none(),
    inFlight: none(),
    replaced: none(),
  }
}

/** True for the accounts that a unit comes out of: rights to issue and credit lines. */
function isSource(account: string): boolean {
  return account.endsWith('+') || account.endsWith('=')
}

function change(amounts: bigint[], device: number, by: bigint): void {
  amounts[device] = (amounts[device] ?? 0n) + by
}

function raise(amounts: Map<string, bigint>, unit: string, by: bigint): void {
  amounts.set(unit, (amounts.get(unit) ?? 0n) + by)
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, it) => total + it, 0n)
}

function above(amounts: readonly bigint[]): bigint {
  return sum(amounts.filter((it) => it > 0n))
}

function below(amounts: readonly bigint[]): bigint {
  return -sum(amounts.filter((it) => it < 0n))
}
