import { shownText } from '#apps/shown-text'
import type { Entry, EntryType, HolderState, StatementLine, UnitKind } from './ledger-types.ts'
import type { DeviceName } from './node-types.ts'

/** Digits that are shown, at most. Who defines goods of its own may issue as many as there are numbers. */
const DIGITS_MAX = 17

/** An amount for people: thousands apart, the code behind it; amounts without end are `any number`. */
export function amountText(amount: string, code: string): string {
  return isEndless(amount) ? `any number of ${code}` : `${numberText(amount)}\u00a0${code}`
}

/** An amount for people where its unit is plain. */
export function numberText(amount: string): string {
  if (isEndless(amount)) return 'any number'
  const [whole = '', fraction] = amount.split('.')
  const grouped = whole.replaceAll(/\B(?=(?:\d{3})+$)/g, '\u202f')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/** An amount for people that may be below zero. */
export function signedText(amount: string): string {
  return amount.startsWith('-') ? `\u2212${numberText(amount.slice(1))}` : numberText(amount)
}

/** Minor units as an amount: 1250 of a unit with two digits behind the point is `12.50`. */
export function minorText(minor: string, scale: number): string {
  if (scale === 0) return minor
  const digits = minor.padStart(scale + 1, '0')
  return `${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

function isEndless(amount: string): boolean {
  return amount.replace('.', '').length > DIGITS_MAX
}

/** True for an amount of nothing. */
export function isZero(amount: string): boolean {
  return !/[1-9]/.test(amount)
}

/** A device as people name it. */
export function holderText({ name, deviceName }: DeviceName): string {
  return shownText(`${name}/${deviceName}`)
}

/** What each kind of unit counts. */
export const KIND_TEXT: Readonly<Record<UnitKind, { name: string; meaning: string }>> = {
  stock: { name: 'Stock', meaning: 'Things that are sold or used up, such as posters or cups.' },
  money: { name: 'Money', meaning: 'A currency. The stewards decide who may issue it.' },
  credit: { name: 'Credit', meaning: 'Prepaid credits. The stewards decide who may issue them.' },
  quota: { name: 'Quota', meaning: 'Shares of what the co-op has. The stewards decide who may issue them.' },
  slot: { name: 'Slots', meaning: 'Places to fill. The stewards decide who may issue them.' },
  seat: { name: 'Seats', meaning: 'Places of an event, each sold once.' },
  admission: {
    name: 'Admissions',
    meaning: 'Rights to let people in; each exists once and is not replaced.',
  },
  edition: { name: 'Edition', meaning: 'Numbered copies of a work.' },
}

/** Kinds whose issue the stewards decide, not the device that defines the unit. */
export const SEALED_KINDS: ReadonlySet<UnitKind> = new Set<UnitKind>(['money', 'credit', 'quota', 'slot'])

/** Where a device stands that holds something. */
export const HOLDER_TEXT: Readonly<Record<HolderState, string>> = {
  here: 'this device',
  reachable: 'connected',
  elsewhere: 'not connected',
  stranded: 'stranded',
}

/** What an entry did, for the history and its filter. */
export const TYPE_TEXT: Readonly<Record<EntryType, string>> = {
  define: 'Defined',
  rule: 'Split rule set',
  issue: 'Issued',
  withdraw: 'Withdrawn',
  consume: 'Sold or used',
  restore: 'Taken back',
  return: 'Handed back',
  draw: 'Drawn on credit',
  repay: 'Repaid',
  'write-back': 'Written back',
  transfer: 'Handed over',
}

/** How an entry stands, where it is not simply counted. */
export const STATE_TEXT: Readonly<Record<Exclude<Entry['state'], 'counted'>, string>> = {
  'on-the-way': 'on its way',
  'not-counted': 'not counted',
  void: 'void',
}

/** Accounts of a statement. */
export const ACCOUNT_TEXT: Readonly<Record<StatementLine['account'], string>> = {
  held: 'Held',
  'in-flight': 'On its way here',
  used: 'Sold or used',
  returned: 'Handed back',
  issued: 'Issued',
  credit: 'Drawn on credit',
  loss: 'Loss account',
}
