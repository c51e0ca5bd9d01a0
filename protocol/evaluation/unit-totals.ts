import { ACCOUNTS } from './account.ts'
import type { UnitSums } from './books.ts'

/**
 * Sums of one unit over all accounts and devices, in minor units. Always: issued + replaced = used + returned +
 * writtenBack + held - deficits + inFlight, and loss = replaced - writtenBack.
 */
export interface UnitTotals {
  /** Under rights to issue, on credit lines, and by seals straight to who holds it; less what was taken back. */
  readonly issued: bigint
  /** Issued by seals against loss accounts. */
  readonly replaced: bigint
  /** The part of what seals issued (rights and credit lines too) that only seals which lost have issued. */
  readonly issuedAside: bigint
  /** Consumed and not restored, with what facts took and put nowhere. */
  readonly used: bigint
  readonly returned: bigint
  readonly writtenBack: bigint
  /** Holdings above zero. */
  readonly held: bigint
  /** What holdings below zero lack. */
  readonly deficits: bigint
  /** Counted transfers that nobody accepted yet. */
  readonly inFlight: bigint
  /** Rights to issue that are left. */
  readonly rights: bigint
  /** Issued beyond the rights to: a cheat's. */
  readonly rightsLacking: bigint
  /** Left on credit lines. */
  readonly credit: bigint
  /** Drawn beyond credit lines: a cheat's. */
  readonly creditLacking: bigint
  /** Of all loss accounts together. */
  readonly loss: bigint
}

/** Adds up a unit from the sums of its accounts. */
export function unitTotals(unit: string, sumsOf: (account: string) => UnitSums): UnitTotals {
  const held = sumsOf(unit)
  const right = sumsOf(unit + ACCOUNTS.right)
  const credit = sumsOf(unit + ACCOUNTS.credit)
  const [used, returned, writtenBack] = [ACCOUNTS.used, ACCOUNTS.returned, ACCOUNTS.writtenBack].map((mark) =>
    sumsOf(unit + mark),
  ) as [UnitSums, UnitSums, UnitSums]
  const all = [held, right, credit, used, returned, writtenBack]
  const sum = (field: keyof UnitSums): bigint => all.reduce((total, sums) => total + sums[field], 0n)
  const { replaced } = held
  return {
    issued: sum('issued') - replaced - balanceOf(right) - balanceOf(credit),
    replaced,
    issuedAside: sum('issuedAside'),
    used: balanceOf(used) + sum('consumed'),
    returned: balanceOf(returned),
    writtenBack: balanceOf(writtenBack),
    held: held.held,
    deficits: held.deficits,
    inFlight: sum('inFlight'),
    rights: right.held,
    rightsLacking: right.deficits,
    credit: credit.held,
    creditLacking: credit.deficits,
    loss: replaced - balanceOf(writtenBack),
  }
}

function balanceOf({ held, deficits }: UnitSums): bigint {
  return held - deficits
}
