import type { Holder, LedgerRow } from './ledger-row.ts'

/**
 * The account plan, one account per kind and device. Assets are above zero, sources below, so that all balances of a unit sum to zero:
 * - `held`: what the device may spend. Below zero it is a booked deficit.
 * - `in-flight`: sent to the device, not accepted yet.
 * - `used`: consumed by it. - `returned`: handed back by it.
 * - `issued`: issued by it (below zero). - `credit`: drawn from its credit line (below zero).
 * - `loss`: what seals replaced for it, less what it wrote back (below zero).
 */
export type AccountKind = 'held' | 'in-flight' | 'used' | 'returned' | 'issued' | 'credit' | 'loss'

/** An account of the books. */
export interface Account extends Holder {
  kind: AccountKind
}

/** A signed change of one account in minor units of the row's unit. */
export interface Posting {
  account: Account
  amount: bigint
}

/** What a row changes in the books: two postings that sum to zero, or none where the row does not count. */
export function postingsOf(row: LedgerRow): Posting[] {
  if (!row.isCounted) return []
  const { amount } = row
  const own = (kind: AccountKind): Account => ({ kind, device: row.device, member: row.member })
  const move = (from: Account, to: Account): Posting[] => [
    { account: to, amount },
    { account: from, amount: -amount },
  ]
  switch (row.type) {
    case 'issue':
      return move(own('issued'), own('held'))
    case 'withdraw':
      return move(own('held'), own('issued'))
    case 'consume':
      return move(own('held'), own('used'))
    case 'restore':
      return move(own('used'), own('held'))
    case 'return':
      return move(own('held'), own('returned'))
    case 'draw':
      return move(own('credit'), own('held'))
    case 'repay':
      return move(own('held'), own('credit'))
    case 'write-back':
      return move(own('held'), own('loss'))
    case 'transfer':
      return move(own('held'), { kind: row.isAccepted ? 'held' : 'in-flight', ...otherOf(row) })
    case 'replace':
      return move({ kind: 'loss', ...otherOf(row) }, own('held'))
  }
}

/** The other side of a row that has one. */
function otherOf(row: LedgerRow): Holder {
  if (row.to === undefined) throw new TypeError(`a ${row.type} without another side`)
  const { device, member } = row.to
  return { device, member }
}
