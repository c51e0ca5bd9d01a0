import type { Balance, EntryRequest, MoveName, Unit } from './ledger-types.ts'
import { SEALED_KINDS, isZero } from './ledger-text.ts'

/** What a person can do with a unit on this device. */
export type ActName = MoveName | 'transfer'

/** What a person has chosen so far of something to write. */
export interface ActDraft {
  type: ActName
  amount: string
  /** PeerId of whoever gets it; empty for the first that there is. */
  to: string
  memo: string
  ref: string
  /** `COMMIT/INDEX` of the entry that it takes back; empty for none. */
  reverses: string
}

/** Each act: on the choice, on the button, afterwards, and what it means. */
export const ACT_TEXT: Readonly<
  Record<ActName, { choice: string; button: string; done: string; meaning: string }>
> = {
  consume: {
    ...{ choice: 'Sell or use up', button: 'Sell', done: 'Sold' },
    meaning: 'It leaves the co-op: sold, eaten, handed out. Works while cut off.',
  },
  transfer: {
    ...{ choice: 'Hand over to a device', button: 'Hand over', done: 'Handed over' },
    meaning: 'The other device may sell it as soon as it hears of it.',
  },
  issue: {
    ...{ choice: 'Issue', button: 'Issue', done: 'Issued' },
    meaning: 'Makes new ones, as many as this device may issue.',
  },
  restore: {
    ...{ choice: 'Take back', button: 'Take back', done: 'Took back' },
    meaning: 'What this device sold or used comes back: a return, a mistake.',
  },
  return: {
    ...{ choice: 'Hand back', button: 'Hand back', done: 'Handed back' },
    meaning: 'This device gives up what it will not use. It cannot be undone here.',
  },
  withdraw: {
    ...{ choice: 'Withdraw', button: 'Withdraw', done: 'Withdrew' },
    meaning: 'Takes back what this device issued and still holds.',
  },
  draw: {
    ...{ choice: 'Draw on credit', button: 'Draw', done: 'Drew' },
    meaning: 'Uses the credit line that the stewards gave this device.',
  },
  repay: {
    ...{ choice: 'Repay', button: 'Repay', done: 'Repaid' },
    meaning: 'Pays back what was drawn on credit.',
  },
  'write-back': {
    ...{ choice: 'Write back', button: 'Write back', done: 'Wrote back' },
    meaning: 'Gives up what the stewards issued to others in the place of this device.',
  },
}

/** What can be done with a unit on this device, the likeliest first. `own`: what it has; `here`: what it can sell now. */
export function actsFor(unit: Unit, own: Balance | null, here: string): ActName[] {
  const holds = !isZero(here)
  const canIssue = own !== null && !isZero(own.issuable)
  const usual: ActName[] = ['consume', 'transfer', 'return', 'restore']
  const acts: ActName[] = holds || !canIssue ? [...usual, 'issue'] : ['issue', ...usual]
  if (holds) acts.push('withdraw')
  if (SEALED_KINDS.has(unit.kind)) acts.push('draw', 'repay')
  if (own !== null && !isZero(own.loss)) acts.push('write-back')
  return acts
}

/** The entry that a draft means; null while something is missing. `first`: whoever gets it where none is chosen. */
export function entryOf(unit: string, draft: ActDraft, first: string | null): EntryRequest | null {
  const amount = draft.amount.trim()
  if (amount === '') return null
  const [memo, ref] = [draft.memo.trim(), draft.ref.trim()]
  const notes = {
    ...(memo === '' ? {} : { memo }),
    ...(ref === '' ? {} : { ref }),
    ...(draft.reverses === '' || draft.type !== 'restore' ? {} : { reverses: draft.reverses }),
  }
  if (draft.type !== 'transfer') return { type: draft.type, unit, amount, ...notes }
  const to = draft.to === '' ? first : draft.to
  return to === null ? null : { type: 'transfer', unit, amount, to, ...notes }
}
