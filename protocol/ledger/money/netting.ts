import { AMOUNT_LIMIT, isAmount } from './amount.ts'
import { compareKeys } from './key-order.ts'

/** Members of one netting. The largest that was measured. */
export const NETTING_MEMBERS_MAX = 10_000
/** Debts of one netting: a hundred each for the most members, a guess. */
export const NETTING_DEBTS_MAX = 1_000_000

/** One owes another so many minor units of the one unit that is netted. */
export interface Debt {
  debtor: string
  creditor: string
  amount: bigint
}

/** A payment that is to be made. */
export interface NettingTransfer {
  from: string
  to: string
  amount: bigint
}

/** Why debts are not netted. Stable: apps translate these for people. */
export type NettingRefusal =
  | 'netting-amount'
  | 'netting-self'
  | 'netting-members'
  | 'netting-debts'
  | 'netting-too-large'

/** Payments and what each member gets (above zero) or pays (below), by key; or why there are none. */
export type NettingResult =
  | { ok: true; transfers: NettingTransfer[]; nets: Map<string, bigint> }
  | { ok: false; refusal: NettingRefusal; message: string }

/**
 * Replaces debts of one unit among n members by at most n - 1 payments after which everybody has paid and got exactly
 * what they owed and were owed on balance. The largest payer pays the largest receiver until one of them is done, of equal ones the
 * first key: so the result is the same whatever the order of the debts. Not the fewest payments possible, which takes
 * exponential time to find. O(debts + n log n).
 */
export function netDebts(debts: readonly Debt[]): NettingResult {
  if (debts.length > NETTING_DEBTS_MAX)
    return refuse('netting-debts', `net at most ${NETTING_DEBTS_MAX} debts at once`)
  const nets = new Map<string, bigint>()
  for (const { debtor, creditor, amount } of debts) {
    if (!isAmount(amount)) return refuse('netting-amount', 'write a debt above zero, and below 2^63')
    if (debtor === creditor) return refuse('netting-self', `${debtor} owes itself: leave the line out`)
    nets.set(debtor, (nets.get(debtor) ?? 0n) - amount)
    nets.set(creditor, (nets.get(creditor) ?? 0n) + amount)
    if (nets.size > NETTING_MEMBERS_MAX) {
      return refuse('netting-members', `net among at most ${NETTING_MEMBERS_MAX} members at once`)
    }
  }
  const payers: Side[] = []
  const receivers: Side[] = []
  for (const [key, net] of nets) {
    if (net >= AMOUNT_LIMIT || net <= -AMOUNT_LIMIT) {
      return refuse(
        'netting-too-large',
        `the balance of ${key} is too large for one payment: net fewer debts at once`,
      )
    }
    if (net < 0n) payers.push({ key, left: -net })
    if (net > 0n) receivers.push({ key, left: net })
  }
  return { ok: true, transfers: settle(payers.sort(largestFirst), receivers.sort(largestFirst)), nets }
}

interface Side {
  key: string
  left: bigint
}

function largestFirst(a: Side, b: Side): number {
  return a.left > b.left ? -1 : a.left < b.left ? 1 : compareKeys(a.key, b.key)
}

/** Each payment ends one side, and the last ends both: one less than there are sides at most. */
function settle(payers: readonly Side[], receivers: readonly Side[]): NettingTransfer[] {
  const transfers: NettingTransfer[] = []
  let [p, r] = [0, 0]
  for (;;) {
    const payer = payers[p]
    const receiver = receivers[r]
    if (payer === undefined || receiver === undefined) return transfers
    const amount = payer.left < receiver.left ? payer.left : receiver.left
    transfers.push({ from: payer.key, to: receiver.key, amount })
    payer.left -= amount
    receiver.left -= amount
    if (payer.left === 0n) p += 1
    if (receiver.left === 0n) r += 1
  }
}

function refuse(refusal: NettingRefusal, message: string): NettingResult {
  return { ok: false, refusal, message }
}
