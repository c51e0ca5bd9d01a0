import { ACCOUNTS as MARKS } from '../evaluation/index.ts'
import { kindOfUnit } from './unit.ts'

/**
 * The accounts that a device has of each unit. Only its own chain takes from them. `held` is what it may spend; `issuable` what it
 * may still issue; `used` what it consumed; `returned` what it handed back; `credit` what it may still draw; `written` what
 * it gave up against what a seal replaced.
 */
export type AccountName = 'held' | 'issuable' | 'used' | 'returned' | 'credit' | 'written'

const SUFFIX: Readonly<Record<AccountName, string>> = {
  held: '',
  issuable: MARKS.right,
  used: MARKS.used,
  returned: MARKS.returned,
  credit: MARKS.credit,
  written: MARKS.writtenBack,
}

/** All accounts. */
export const ACCOUNTS: readonly AccountName[] = Object.keys(SUFFIX) as AccountName[]

/** How the evaluation calls an account of a unit. */
export function accountKey(unit: string, account: AccountName): string {
  if (account === 'held') return unit
  let names = NAMES.get(unit)
  if (names === undefined) {
    if (NAMES.size === NAMES_MAX) NAMES.clear()
    NAMES.set(unit, (names = {}))
  }
  // One text for all entries of an account: the evaluation looks it up faster than one that is made anew.
  return (names[account] ??= unit + SUFFIX[account])
}

const NAMES = new Map<string, Partial<Record<AccountName, string>>>()
/** Units of which the names of accounts are kept. A guess: more than a busy co-op sells at once. */
const NAMES_MAX = 10_000

/** Name of an entry that moves something between accounts of its author. */
export type MoveName =
  | 'issue'
  | 'withdraw'
  | 'consume'
  | 'restore'
  | 'return'
  | 'draw'
  | 'repay'
  | 'write-back'

/** What each of them moves: from an account to another one of the same device. */
export const MOVES: Readonly<Record<MoveName, readonly [from: AccountName, into: AccountName]>> = {
  issue: ['issuable', 'held'],
  withdraw: ['held', 'issuable'],
  consume: ['held', 'used'],
  restore: ['used', 'held'],
  return: ['held', 'returned'],
  draw: ['credit', 'held'],
  repay: ['held', 'credit'],
  'write-back': ['held', 'written'],
}

/** True when seals may issue the unit to make up for what a silent device holds: never where each one counts once. */
export function isReplaceable(unit: string): boolean {
  return kindOfUnit(unit) !== 'admission'
}
